package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"datarun"
	"datarun/internal/rowjson"
)

// LookupRequest asks for records by key.
type LookupRequest struct {
	Keys     []Key  `json:"keys" minItems:"1" maxItems:"1000" nullable:"false" doc:"记录键，最多 1000 个 Keys, up to 1,000"`
	Purpose  string `json:"purpose" maxLength:"500" doc:"使用用途 What for" example:"不动产登记"`
	Case     string `json:"case" maxLength:"128" doc:"办件编号 Case number" example:"420704-2026-000123"`
	Operator string `json:"operator,omitempty" maxLength:"128" doc:"经办人 Who sits at the window"`
}

// Key is a key in a request: its text when the resource has one key item, else an object of the key items.
type Key json.RawMessage

const maxRequest = 1 << 20 // bytes of a lookup's or list's body

func (a *API) lookup() operation {
	doc := a.describe(http.MethodPost, "/api/v1/resources/{code}/lookup", "lookup", "按键查询 Look records up",
		"须有授权，并写明用途和办件编号；先记账本，后读数据。无授权与不存在的回答完全相同。\n\nNeeds a grant, a purpose and a case number; the ledger is written before the data is read. "+
			"Without a grant the answer is the same as for what does not exist. Keys travel in the body because a key may be a resident's id number and URLs end up in logs. Rows come in the order of the keys.")
	a.accepts(&doc, LookupRequest{})
	a.answers(&doc, ReadAnswer{}, 400, 401, 404, 408, 413, 415, 422, 429, 503)
	return operation{doc: doc, need: forGranted, serve: a.serveLookup}
}

func (a *API) serveLookup(c *call) error {
	release, err := a.slot()
	if err != nil {
		return err
	}
	defer release()
	var keys []string
	why, err := a.readRequest(c, func(f *rowjson.Field) (err error) {
		if string(f.Name) != "keys" {
			return invalid("the request may have keys, purpose, case, operator and nothing else")
		}
		keys, err = parseKeys(f, &c.entry.Resource, a.c.Limits.Keys)
		return err
	})
	if err == nil && len(keys) == 0 {
		err = invalid("keys is missing")
	}
	if err != nil {
		return err
	}
	return a.readRows(c, "lookup", len(keys), why, func(ctx context.Context, q Query) ([]RowView, error) {
		rows, err := a.c.Reader.Get(ctx, q, keys)
		if err == nil && len(rows) != len(keys) {
			err = datarun.Errorf(datarun.Internal, "lookup", "%d rows for %d keys", len(rows), len(keys))
		}
		if err != nil {
			return nil, err
		}
		return a.views(rows, q.Items)
	})
}

// views cuts rows to what may be seen and refuses an answer that is too large to hold.
func (a *API) views(rows []Row, items []datarun.ItemName) ([]RowView, error) {
	views := make([]RowView, len(rows))
	size := 0
	for i := range rows {
		if size += len(rows[i].Data); size > a.c.Limits.Answer+datarun.MaxRecord {
			return nil, tooLarge(fmt.Sprintf("the answer is over %d bytes; ask for fewer keys", a.c.Limits.Answer))
		}
		var err error
		if views[i], err = view(&rows[i], items); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// readRequest reads a JSON object whose members are the reason and what other takes. Its errors name members, never
// values.
func (a *API) readRequest(c *call, other func(*rowjson.Field) error) (reason, error) {
	var why reason
	b, err := openBody(c.w, c.r, maxRequest, nil)
	if err != nil {
		return why, err
	}
	if err := jsonOnly(c.r); err != nil {
		return why, err
	}
	content, err := io.ReadAll(b)
	if err != nil {
		return why, err
	}
	var row rowjson.Row
	if err := row.Parse(content); err != nil {
		return why, invalid("the body is not a JSON object: " + err.Error())
	}
	seen := map[string]bool{}
	for i := range row.Fields {
		f := &row.Fields[i]
		if seen[string(f.Name)] {
			return why, invalid("a member is given twice")
		}
		seen[string(f.Name)] = true
		switch string(f.Name) {
		case "purpose":
			why.purpose, err = text(f, "purpose", 500)
		case "case":
			why.caseNo, err = text(f, "case", 128)
		case "operator":
			why.operator, err = text(f, "operator", 128)
		default:
			err = other(f)
		}
		if err != nil {
			return why, err
		}
	}
	if why.purpose == "" || why.caseNo == "" {
		return why, invalid("purpose and case are required: what the data is for, and in which case")
	}
	return why, nil
}

// parseKeys reads the keys member into keys as datarun.JoinKey makes them.
func parseKeys(f *rowjson.Field, res *datarun.Resource, most int) ([]string, error) {
	var raw []json.RawMessage
	if f.Kind != rowjson.Array || json.Unmarshal(f.Value, &raw) != nil {
		return nil, invalid("keys is not an array")
	}
	if len(raw) > most {
		return nil, invalid(fmt.Sprintf("keys has %d elements, at most %d are allowed", len(raw), most))
	}
	keys := make([]string, len(raw))
	var row rowjson.Row
	for i, r := range raw {
		ok := false
		if r[0] == '{' {
			ok = row.Parse(r) == nil
		} else if len(res.Key) == 1 { // let the one reader of values read it, as the member that it stands for
			named := append(rowjson.AppendName([]byte{'{'}, string(res.Key[0])), r...)
			ok = row.Parse(append(named, '}')) == nil
		}
		if ok {
			keys[i], ok = joinKey(&row, res.Key)
		}
		if !ok {
			return nil, invalid(fmt.Sprintf("keys[%d] is not a key: a text where the resource has one key item, else an object of its key items %v, each a text or number", i, res.Key))
		}
	}
	return keys, nil
}

// joinKey makes the key of an object that has the key items and nothing else.
func joinKey(row *rowjson.Row, items []datarun.ItemName) (string, bool) {
	if len(row.Fields) != len(items) {
		return "", false
	}
	values := make([]string, len(items))
	for i, item := range items {
		for j := range row.Fields {
			f := &row.Fields[j]
			if string(f.Name) == string(item) && f.Kind != rowjson.Null && f.Kind != rowjson.Object && f.Kind != rowjson.Array {
				values[i] = string(f.Text(nil))
			}
		}
		if values[i] == "" {
			return "", false
		}
	}
	return datarun.JoinKey(values...), true
}

func writeAnswer(w http.ResponseWriter, status int, answer any) error {
	content, err := encode(answer)
	if err != nil {
		return datarun.Errorf(datarun.Corrupt, "answer", "a row cannot be written as JSON: %w", err)
	}
	writeBody(w, status, "application/json", content)
	return nil
}
