package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
	"unicode"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// Provider is who answers for a row.
type Provider struct {
	Code datarun.AgencyCode `json:"code" doc:"提供方代码 Code (USCC)"`
	Name string             `json:"name" doc:"提供方名称 Name"`
}

// RowView is a row in an answer.
type RowView struct {
	Key   string          `json:"key,omitempty" doc:"记录键，仅查询时返回；多个键项以 | 连接 Key of the record, on lookups only; several key items are joined by |"`
	Found bool            `json:"found" doc:"是否有此记录 Whether there is such a record"`
	AsOf  string          `json:"as_of,omitempty" format:"date-time" doc:"数据时点：进入共享交换的时间 When the hub published it"`
	Flags []string        `json:"flags,omitempty" doc:"标记：校核中、已过期、已注销等 Flags: open objection, expired, revoked"`
	Data  json.RawMessage `json:"data,omitempty" doc:"授权范围内的信息项 The items that the grant allows, as the provider gave them"`
}

// ReadAnswer says where rows come from and under what they were given.
type ReadAnswer struct {
	Resource datarun.ResourceCode `json:"resource" doc:"信息资源代码 Resource code"`
	Name     string               `json:"name" doc:"信息资源名称 Its name"`
	Provider Provider             `json:"provider"`
	Grant    datarun.GrantID      `json:"grant,omitempty" doc:"授权编号；读取本部门数据时没有 Grant; absent when an agency reads its own"`
	Ledger   string               `json:"ledger" doc:"账本编号 Ledger entry of this reading"`
	Rows     []RowView            `json:"rows" nullable:"false"`
	Next     string               `json:"next,omitempty" doc:"下一页的 after，仅列表；没有即到末尾 Cursor, on lists only; absent at the end"`
}

// reason is what every read must state.
type reason struct{ purpose, caseNo, operator string }

// readRows is the path of both reads. The order matters: the ledger is written before the first row is read, so that
// there is no moment at which somebody has seen a row and nobody knows.
func (a *API) readRows(c *call, operation string, keys int, why reason, read func(context.Context, Query) ([]RowView, error)) error {
	q := Query{Resource: c.entry.Resource.Code, Items: c.grant.Items}
	id, err := a.c.Ledger.Write(c.r.Context(), Reading{
		At: c.now, Agency: c.caller.Agency.Code, Resource: q.Resource, Grant: c.grant.ID, Items: q.Items,
		Purpose: why.purpose, Case: why.caseNo, Operator: why.operator, Operation: operation, Keys: keys, RequestID: c.id,
	})
	if err != nil {
		return err
	}
	rows, err := read(c.r.Context(), q)
	if err != nil {
		return err
	}
	r := &c.entry.Resource
	answer := ReadAnswer{Resource: r.Code, Name: r.Name, Provider: Provider{r.Provider, c.entry.ProviderName}, Grant: c.grant.ID, Ledger: id, Rows: rows}
	if n := len(rows); operation == "list" && n > 0 {
		answer.Next = a.cursors.seal(c, rows[n-1].Key)
		for i := range rows {
			rows[i].Key = "" // may be an item that the grant does not allow; data has it where it does
		}
	}
	return writeAnswer(c.w, http.StatusOK, answer)
}

// slot takes one of the places for reads. They wait for no one: a caller who comes too many is told so at once.
func (a *API) slot() (release func(), err error) {
	select {
	case a.reads <- struct{}{}:
		return func() { <-a.reads }, nil
	default:
		return nil, busy("as many lookups are under way as may be", time.Second)
	}
}

// view cuts a row to the items that the grant allows.
func view(row *Row, items []datarun.ItemName) (RowView, error) {
	v := RowView{Key: row.Key, Found: row.Found}
	if !row.Found {
		return v, nil
	}
	v.AsOf = row.AsOf.In(datarun.China).Format("2006-01-02T15:04:05.000Z07:00")
	v.Flags, v.Data = row.Flags, row.Data
	if len(items) == 0 {
		return v, nil
	}
	var parsed rowjson.Row
	if err := parsed.Parse(row.Data); err != nil {
		return v, datarun.Errorf(datarun.Corrupt, "lookup", "a row's data is no JSON object: %w", err)
	}
	v.Data = cut(&parsed, items)
	return v, nil
}

func cut(row *rowjson.Row, items []datarun.ItemName) []byte {
	out := []byte{'{'}
	for i := range row.Fields {
		f := &row.Fields[i]
		for _, item := range items {
			if string(f.Name) != string(item) {
				continue
			}
			out = rowjson.AppendName(out, f.Name)
			if f.Kind == rowjson.String {
				out = append(append(append(out, '"'), f.Value...), '"')
			} else {
				out = append(out, f.Value...)
			}
			break
		}
	}
	return append(out, '}')
}

// text reads a string member of a request and holds it against the limits of the ledger.
func text(f *rowjson.Field, name string, most int) (string, error) {
	if f.Kind == rowjson.String {
		s := string(f.Text(nil))
		if blank, ok := plain(s); ok && !blank && utf8.RuneCountInString(s) <= most {
			return s, nil
		}
	}
	return "", invalid(name + " is not a text that says something, without control characters, within its length")
}

// plain reports whether s has only spaces, and whether it has no control characters.
func plain(s string) (blank, ok bool) {
	blank = true
	for _, r := range s {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return false, false
		}
		blank = blank && unicode.IsSpace(r)
	}
	return blank, true
}
