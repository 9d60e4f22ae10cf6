package demo

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"

	"datarun"
)

// restToken is what the civil affairs system asks for in its header; the demo's configuration carries it.
const restToken = "demo-token"

// startREST serves the table as a paged JSON interface on a loopback port: GET /api/allowances?page=1&size=500.
// It returns the base URL and ends with ctx.
func startREST(ctx context.Context, t *table) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/allowances", func(w http.ResponseWriter, r *http.Request) { t.page(w, r) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() { _ = server.Serve(l) }() // ends with Close
	return "http://" + l.Addr().String(), nil
}

// page answers one page the way such systems do: a code, a message, and the rows below data.list.
func (t *table) page(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+restToken {
		http.Error(w, `{"code":401,"message":"no token"}`, http.StatusUnauthorized)
		return
	}
	page, err1 := strconv.Atoi(r.URL.Query().Get("page"))
	size, err2 := strconv.Atoi(r.URL.Query().Get("size"))
	if err1 != nil || err2 != nil || page < 1 || size < 1 || size > 1000 {
		http.Error(w, `{"code":400,"message":"page and size"}`, http.StatusBadRequest)
		return
	}
	list := []map[string]string{}
	for i := (page - 1) * size; i < min(page*size, t.rows); i++ {
		row := map[string]string{}
		for j, v := range t.row(i) {
			row[t.columns[j].name] = v
		}
		list = append(list, row)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 0, "message": "ok", "data": map[string]any{"total": t.rows, "list": list}}) //nolint:errchkjson // plain values, and a caller that hung up needs no answer
}
