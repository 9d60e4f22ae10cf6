package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"datarun/portal/api"
)

func TestResources(t *testing.T) {
	h := newHouse(t, nil)
	tests := []struct {
		query string
		want  []string // names; nil for 422
		next  bool
	}{
		{"", []string{"房屋信息", "常住人口"}, false},
		{"?q=" + url.QueryEscape("权利人"), []string{"房屋信息"}, false},
		{"?q=HOMES", []string{"房屋信息"}, false},
		{"?q=306001.000002", []string{"常住人口"}, false},
		{"?q=nothing", []string{}, false},
		{"?provider=" + string(police), []string{"常住人口"}, false},
		{"?share=2", []string{"房屋信息"}, false},
		{"?limit=1", []string{"房屋信息"}, true},
		{"?limit=1&after=" + homes, []string{"常住人口"}, false},
		{"?limit=0", nil, false},
		{"?share=4", nil, false},
		{"?colour=red", nil, false},
		{"?q=a&q=b", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			rec := h.ask("GET", "/api/v1/resources"+tt.query, h.outside, nil)
			if tt.want == nil {
				want(t, rec, http.StatusUnprocessableEntity)
				return
			}
			want(t, rec, http.StatusOK)
			page := decode[api.ResourcePage](t, rec)
			if len(page.Resources) != len(tt.want) || (page.Next != "") != tt.next {
				t.Fatalf("%+v", page)
			}
			for i := range tt.want {
				if page.Resources[i].Name != tt.want[i] {
					t.Errorf("%d is %s", i, page.Resources[i].Name)
				}
			}
		})
	}
}

func TestResource(t *testing.T) {
	h := newHouse(t, nil)
	rec := h.ask("GET", "/api/v1/resources/"+homes, h.outside, nil)
	want(t, rec, http.StatusOK)
	if v := decode[api.ResourceView](t, rec); v.ProviderName != "房管局" || v.Version != 1 || len(v.Resource.Items) != 3 {
		t.Errorf("%+v", v)
	}
	want(t, h.ask("GET", "/api/v1/resources/306001.999999", h.outside, nil), http.StatusNotFound)
}
