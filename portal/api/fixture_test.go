package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"datarun"
	"datarun/portal"
	"datarun/portal/api"
	"datarun/portal/portaltest"
)

// The agencies and resources of the tests. None of them exists.
const (
	housing = datarun.AgencyCode("11420700000000001A")
	police  = datarun.AgencyCode("11420700000000002B")
	outside = datarun.AgencyCode("11420700000000003C")

	homes  = "306001.000001"
	people = "306001.000002"
)

// house is a hub with its API.
type house struct {
	*portaltest.Hub
	handler                  http.Handler
	housing, police, outside string // keys
	log                      bytes.Buffer
}

func newHouse(t testing.TB, change func(*api.Config)) *house {
	t.Helper()
	h := &house{Hub: portaltest.New()}
	h.housing, h.police, h.outside = h.AddAgency(housing, "房管局"), h.AddAgency(police, "公安局"), h.AddAgency(outside, "文旅局")
	h.AddResource(datarun.Resource{Code: "306001/000001", Name: "房屋信息", Provider: housing, Abstract: "Homes", Share: datarun.Conditional, Cycle: datarun.Daily,
		Key: []datarun.ItemName{"id"}, Items: []datarun.Item{{Name: "id", Type: datarun.Char, Required: true}, {Name: "owner", Title: "权利人", Type: datarun.Char, Personal: true}, {Name: "area", Type: datarun.Numeric}}})
	h.AddResource(datarun.Resource{Code: "306001/000002", Name: "常住人口", Provider: police, Abstract: "People", Share: datarun.Unconditional, Cycle: datarun.RealTime,
		Key: []datarun.ItemName{"kind", "no"}, Items: []datarun.Item{{Name: "kind", Type: datarun.Char}, {Name: "no", Type: datarun.Integer}, {Name: "name", Type: datarun.Char}}})
	h.AddGrant(datarun.Grant{ID: "g1", Agency: police, Resource: "306001/000001", Purpose: "核验", Items: []datarun.ItemName{"area"}})
	h.AddGrant(datarun.Grant{ID: "g2", Agency: housing, Resource: "306001/000002", Purpose: "核验"})
	h.AddGrant(datarun.Grant{ID: "g3", Agency: outside, Resource: "306001/000001", Purpose: "核验", Until: "2020-01-01"})
	c := h.Config()
	if change != nil {
		change(&c)
	}
	var err error
	if h.handler, err = portal.New(portal.Config{API: c, Log: slog.New(slog.NewTextHandler(&h.log, nil))}); err != nil {
		t.Fatal(err)
	}
	return h
}

// ask is one request: method and path, key, body, and pairs of header names and values.
func (h *house) ask(method, path, key string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.handler.ServeHTTP(rec, r)
	return rec
}

func (h *house) push(t testing.TB, key, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return h.ask("POST", "/api/v1/resources/"+homes+"/records", key, strings.NewReader(body), header...)
}

func want(t testing.TB, rec *httptest.ResponseRecorder, status int) {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %.500s", rec.Code, status, rec.Body)
	}
	if status >= 400 && rec.Header().Get("Content-Type") != "application/problem+json" && !strings.Contains(rec.Body.String(), `"ready"`) {
		t.Errorf("an error of type %q", rec.Header().Get("Content-Type"))
	}
}

func decode[T any](t testing.TB, rec *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(rec.Body.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v: %.500s", err, rec.Body)
	}
	return v
}
