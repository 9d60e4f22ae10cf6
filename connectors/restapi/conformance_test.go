package restapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"datarun/connectors/conntest"
)

func TestMain(m *testing.M) { conntest.Main(m, Connector) }

// TestConformance runs the suite in every mode. What a mode cannot show before full_every is left out, but for one
// listing that is always due.
func TestConformance(t *testing.T) {
	due := modes["page"]
	due.Options = json.RawMessage(strings.Replace(string(due.Options), `{`, `{"full_every":"1ms",`, 1))
	all := map[string]bool{"page due": true, "since": true, "since short": true, "since with pages": true, "since with next": true}
	streams := map[string]json.RawMessage{"page due": due.Options}
	for name, stream := range modes {
		streams[name] = stream.Options
	}
	for name, options := range streams {
		t.Run(name, func(t *testing.T) {
			s := newService(t, 0)
			s.handler = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/no_such_object" {
					http.NotFound(w, r)
					return true
				}
				return false
			}
			stream := due
			if known, ok := modes[name]; ok {
				stream = known
			}
			stream.Options = options
			count, minute := 30, 1
			if name == "page due" {
				count = 3 // too few for the property that nothing comes twice, which this one is made to break
			}
			f := conntest.Fixture{
				Connector: Connector,
				Settings:  json.RawMessage(fmt.Sprintf(`{"url":%q,"rate":0,"retries":0,"samples":["list?size=20"]}`, s.URL)),
				Stream:    stream,
				Spawn:     conntest.Self(),
				Rows: func(testing.TB) []string {
					s.mu.Lock()
					defer s.mu.Unlock()
					out := make([]string, len(s.rows))
					for i, row := range s.rows {
						var r struct {
							ID     int
							Amount json.Number
							Who    struct{ Name string }
							At     string
						}
						if err := json.Unmarshal([]byte(row), &r); err != nil {
							t.Fatal(err)
						}
						out[i] = fmt.Sprintf(`{"id":%d,"amount":%s,"name":%q,"at":"%s+08:00"}`, r.ID, r.Amount, r.Who.Name, strings.Replace(r.At, " ", "T", 1))
					}
					return out
				},
				Reset: func(testing.TB) {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.rows, minute = nil, 1
					for i := range count {
						s.add(i, 0)
					}
				},
			}
			if all[name] || name == "follow" {
				f.Insert = func(testing.TB) {
					s.mu.Lock()
					defer s.mu.Unlock()
					minute++
					s.add(len(s.rows), minute)
				}
			}
			if all[name] {
				f.Update = func(testing.TB) {
					s.mu.Lock()
					defer s.mu.Unlock()
					minute++
					rows := s.rows
					s.rows = nil
					s.add(0, minute)
					s.rows = append(s.rows, rows[1:]...)
				}
			}
			conntest.Run(t, f)
		})
	}
}
