package portal

import (
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"

	"datarun/portal/api"
	"datarun/portal/request"
)

// Config is what the front door needs.
type Config struct {
	API api.Config
	// Metrics is served at /metrics; nil leaves it out.
	Metrics http.Handler
	// MetricsFrom lists the networks that may read /metrics. Empty: this machine, unless a proxy passes the request on.
	MetricsFrom []netip.Prefix
	Log         *slog.Logger // access log and failures; default none
}

// New builds the handler of everything that the hub serves over HTTP.
func New(c Config) (http.Handler, error) {
	if c.API.Log == nil {
		c.API.Log = c.Log
	}
	a, err := api.New(c.API)
	if err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	if err := a.Mount(router); err != nil {
		return nil, err
	}
	if c.Metrics != nil {
		router.Method(http.MethodGet, "/metrics", guardMetrics(c.Metrics, c.MetricsFrom, router.NotFoundHandler()))
	}
	return request.Wrap(router, c.Log, api.Panicked), nil
}

// guardMetrics hides the metrics from everybody else: they tell which department shares how much.
func guardMetrics(metrics http.Handler, from []netip.Prefix, hidden http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request.From(r.Context()).Operation = "metrics"
		if mayMeasure(r, from) {
			metrics.ServeHTTP(w, r)
			return
		}
		hidden.ServeHTTP(w, r)
	})
}

func mayMeasure(r *http.Request, from []netip.Prefix) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr := peer.Addr().Unmap()
	if len(from) == 0 {
		// A reverse proxy on this machine makes everybody come from this machine.
		return addr.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
	}
	for _, p := range from {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
