package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"datarun"
	"datarun/exchange/quarantine"
	"datarun/internal/app"
)

func newQuarantine(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "quarantine", Short: "Look at records that broke a rule (隔离区)"}
	cmd.AddCommand(newQuarantineList(g), newQuarantineShow(g))
	return cmd
}

// withQuarantine opens the quarantine of the configured hub.
func withQuarantine(cmd *cobra.Command, g *global, fn func(*quarantine.Store) error) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	desk, err := app.OpenDesk(cmd.Context(), c, quiet())
	if err != nil {
		return err
	}
	defer desk.Close()
	store, err := desk.Quarantine(cmd.Context())
	if err != nil {
		return err
	}
	return fn(store)
}

func newQuarantineList(g *global) *cobra.Command {
	var resource, source, rule, before string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List records in quarantine, newest first, without their values", Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&resource, "resource", "", "only this resource")
	f.StringVar(&source, "source", "", "only this source, e.g. connector/housing/house")
	f.StringVar(&rule, "rule", "", "only this rule: syntax, unknown, twice, required, type, length, range, code, size")
	f.StringVar(&before, "before", "", "only entries older than the one with this id: the next page")
	f.IntVarP(&limit, "limit", "n", 20, "most entries")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withQuarantine(cmd, g, func(s *quarantine.Store) error {
			list, err := s.List(cmd.Context(), quarantine.Filter{
				Resource: datarun.ResourceCode(resource), Source: source, Rule: datarun.Rule(rule), Before: before, Limit: limit,
			})
			if err != nil {
				return err
			}
			rows := [][]string{}
			for _, p := range list {
				rows = append(rows, []string{
					p.ID, p.Time.In(datarun.China).Format("2006-01-02 15:04:05"), string(p.Resource), p.Source, string(p.Fault.Rule), string(p.Fault.Item), p.Fault.Where, p.Fault.Detail,
				})
			}
			return out.list(cmd.OutOrStdout(), whole(list), []string{"id", "time", "resource", "source", "rule", "item", "where", "detail"}, rows)
		})
	}
	return cmd
}

func newQuarantineShow(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one record in quarantine with its raw value", Args: cobra.ExactArgs(1),
		Long: "Show one record in quarantine with its raw value, as JSON. The value may hold personal information: it is for the steward of the resource.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withQuarantine(cmd, g, func(s *quarantine.Store) error {
				p, err := s.Get(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				shown := struct {
					quarantine.Parked
					Raw json.RawMessage `json:"raw"`
				}{p, rawJSON(p.Raw)}
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				enc.SetEscapeHTML(false)
				return enc.Encode(shown)
			})
		},
	}
}

// rawJSON shows bytes as they are when they are JSON, and as a string when they are not.
func rawJSON(raw []byte) json.RawMessage {
	if json.Valid(raw) {
		return raw
	}
	b, _ := json.Marshal(string(raw)) //nolint:errchkjson // a string always marshals
	return b
}
