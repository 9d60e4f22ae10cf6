package api

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"

	"datarun/internal/rowjson"
)

// ListRequest asks for records in the order of their keys.
type ListRequest struct {
	After    string `json:"after,omitempty" doc:"上一页的 next The next of the page before"`
	Limit    int    `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"每页条数 Rows per page"`
	Purpose  string `json:"purpose" maxLength:"500" doc:"使用用途 What for"`
	Case     string `json:"case" maxLength:"128" doc:"办件编号 Case number"`
	Operator string `json:"operator,omitempty" maxLength:"128" doc:"经办人 Who asks"`
}

func (a *API) list() operation {
	doc := a.describe(http.MethodPost, "/api/v1/resources/{code}/list", "list-records", "分页列表 List records",
		"须有授权，并写明用途和办件编号。按键的顺序返回当前记录，直到没有 next。\n\nNeeds a grant, a purpose and a case number. Current records in the order of their keys, until there is no next. "+
			"A page may be shorter than asked for when rows are large.")
	a.accepts(&doc, ListRequest{})
	a.answers(&doc, ReadAnswer{}, 400, 401, 404, 408, 413, 415, 422, 429, 503)
	return operation{doc: doc, need: forGranted, serve: a.serveList}
}

func (a *API) serveList(c *call) error {
	release, err := a.slot()
	if err != nil {
		return err
	}
	defer release()
	after, limit := "", 100
	why, err := a.readRequest(c, func(f *rowjson.Field) (err error) {
		switch {
		case string(f.Name) == "after" && f.Kind == rowjson.String:
			after, err = a.cursors.open(c, string(f.Text(nil)))
		case string(f.Name) == "limit" && f.Kind == rowjson.Number:
			limit, err = between("limit", string(f.Value), 1, a.c.Limits.Page)
		default:
			err = invalid("the request may have after (text), limit (number), purpose, case, operator and nothing else")
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.readRows(c, "list", limit, why, func(ctx context.Context, q Query) ([]RowView, error) {
		rows, err := a.c.Reader.List(ctx, q, after, limit, a.c.Limits.Answer)
		if err != nil {
			return nil, err
		}
		return a.views(rows, q.Items)
	})
}

func jsonOnly(r *http.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || (params["charset"] != "" && !bytes.EqualFold([]byte(params["charset"]), []byte("utf-8"))) {
		return unsupported("Content-Type is not application/json")
	}
	return nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
