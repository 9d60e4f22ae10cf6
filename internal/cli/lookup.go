package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"datarun"
	"datarun/internal/app"
	"datarun/internal/config"
)

func newLookup(g *global) *cobra.Command {
	var q lookupCall
	cmd := &cobra.Command{
		Use: "lookup RESOURCE KEY…", Short: "Look records up as an approver does: by key, for a purpose and a case",
		Long: `Look records up through the hub's API, as an approver's system does. The agency is the one that the API key belongs to; the
read needs its grant, a purpose and a case number, and is in the ledger before it is answered.

The key comes from --key-file or from DATARUN_API_KEY.`,
		Args: cobra.MinimumNArgs(2),
	}
	out := outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&q.url, "url", "", "the hub's address; default: the hub of the configuration")
	f.StringVar(&q.keyFile, "key-file", "", "file that holds the API key")
	f.StringVar(&q.Purpose, "purpose", "", "what for (使用用途), required")
	f.StringVar(&q.Case, "case", "", "case number (办件编号), required")
	f.StringVar(&q.Operator, "operator", "", "who asks")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		code, err := datarun.ParseResourceCode(args[0])
		if err != nil {
			return err
		}
		q.code, q.Keys = code, args[1:]
		c, err := g.config()
		if err != nil {
			return err
		}
		answer, err := q.do(cmd.Context(), c)
		if err != nil {
			return err
		}
		return printLookup(cmd.OutOrStdout(), out, answer)
	}
	return cmd
}

// lookupCall is one call of the lookup operation.
type lookupCall struct {
	url, keyFile string
	code         datarun.ResourceCode
	Keys         []string `json:"keys"`
	Purpose      string   `json:"purpose"`
	Case         string   `json:"case"`
	Operator     string   `json:"operator,omitempty"`
}

// lookupAnswer is what the command shows of the answer.
type lookupAnswer struct {
	Resource json.RawMessage `json:"resource,omitempty"`
	Provider json.RawMessage `json:"provider,omitempty"`
	Grant    string          `json:"grant,omitempty"`
	Ledger   string          `json:"ledger"`
	Rows     []lookupRow     `json:"rows"`
}

type lookupRow struct {
	Key   string          `json:"key"`
	Found bool            `json:"found"`
	Data  json.RawMessage `json:"data,omitempty"`
	AsOf  *time.Time      `json:"as_of,omitempty"`
	Flags []string        `json:"flags,omitempty"`
}

func (q *lookupCall) do(ctx context.Context, c *config.Config) (*lookupAnswer, error) {
	key, err := q.apiKey()
	if err != nil {
		return nil, err
	}
	base, err := q.base(c)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, "lookup", "%w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/resources/"+q.code.Dotted()+"/lookup", bytes.NewReader(body))
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "lookup", "%w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "lookup", "%w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "lookup", "%w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, problemError(res.StatusCode, data)
	}
	var a lookupAnswer
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, datarun.Errorf(datarun.Corrupt, "lookup", "answer: %w", err)
	}
	return &a, nil
}

// problemError turns a problem+json answer into an error of the kind that its status stands for.
func problemError(status int, data []byte) error {
	var p struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(data, &p) // what is not a problem document has no detail
	text := fmt.Sprintf("%d %s", status, strings.TrimSpace(p.Title+" "+p.Detail))
	for _, e := range p.Errors {
		text += fmt.Sprintf("; %s: %s", e.Location, e.Message)
	}
	kinds := map[int]datarun.Kind{
		400: datarun.Invalid, 422: datarun.Invalid, 401: datarun.Denied, 404: datarun.NotFound, 409: datarun.Conflict,
		413: datarun.Invalid, 429: datarun.Unavailable, 503: datarun.Unavailable,
	}
	return datarun.Errorf(kinds[status], "hub", "%s", text)
}

func (q *lookupCall) apiKey() (string, error) {
	if q.keyFile == "" {
		if key := os.Getenv("DATARUN_API_KEY"); key != "" {
			return key, nil
		}
		return "", usage("lookup: no API key: give --key-file or set DATARUN_API_KEY")
	}
	b, err := os.ReadFile(q.keyFile)
	if err != nil {
		return "", datarun.Errorf(datarun.NotFound, "lookup", "%w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// base is the URL of the hub: as given, or of the hub that runs with the configured data directory.
func (q *lookupCall) base(c *config.Config) (string, error) {
	if q.url != "" {
		return strings.TrimRight(q.url, "/"), nil
	}
	a, err := app.ReadAddresses(c.Data)
	if err != nil {
		return "", err
	}
	if c.Portal.Cert != "" {
		return "https://" + a.Portal, nil
	}
	return "http://" + a.Portal, nil
}

func printLookup(w io.Writer, out *printer, a *lookupAnswer) error {
	rows := [][]string{}
	for _, r := range a.Rows {
		found, asOf := "no", ""
		if r.Found {
			found = "yes"
		}
		if r.AsOf != nil {
			asOf = r.AsOf.In(datarun.China).Format("2006-01-02 15:04:05.000")
		}
		rows = append(rows, []string{r.Key, found, asOf, strings.Join(r.Flags, ","), string(r.Data)})
	}
	return out.list(w, a, []string{"key", "found", "as of", "flags", "data"}, rows)
}
