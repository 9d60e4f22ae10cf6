package api

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"datarun/portal/auth"
	"datarun/portal/request"
)

// Config is what the API needs. All interfaces are required.
type Config struct {
	Authenticator *auth.Authenticator
	Directory     Directory
	Grants        Grants
	Publisher     Publisher
	Idempotency   Idempotency
	Reader        Reader
	Ledger        Ledger
	Readiness     Readiness

	// CursorKey seals list cursors, 32 bytes, the same on every hub that callers may meet. Empty: a random one, and a
	// cursor ends with the process.
	CursorKey []byte
	Limits    Limits
	Log       *slog.Logger     // default: none
	Now       func() time.Time // default: time.Now
}

// Limits bounds what requests may take. A zero field means its default.
type Limits struct {
	Body     int64 // bytes of a pushed body, decompressed; default 32 MiB
	Records  int   // records of a push; default 50,000
	InFlight int64 // bytes of bodies over all requests; default 128 MiB
	Keys     int   // keys of a lookup; default 1,000
	Page     int   // rows of a list; default 1,000
	Reads    int   // lookups and lists at a time; default 256
	Answer   int   // bytes of rows in an answer; default 8 MiB
}

func (l *Limits) fill() {
	setDefault(&l.Body, 32<<20)
	setDefault(&l.Records, 50_000)
	setDefault(&l.InFlight, 128<<20)
	setDefault(&l.Keys, 1000)
	setDefault(&l.Page, 1000)
	setDefault(&l.Reads, 256)
	setDefault(&l.Answer, 8<<20)
}

func setDefault[T int | int64](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// API is the HTTP API. Mount puts it on a router.
type API struct {
	c       Config
	auth    *auth.Authenticator
	log     *slog.Logger
	now     func() time.Time
	spec    huma.API
	budget  *budget
	reads   chan struct{}
	cursors sealer
	claims  underWay

	json, yaml []byte // the document
	docs       page
}

// New builds the API and its document.
func New(c Config) (*API, error) {
	if c.Authenticator == nil || c.Directory == nil || c.Grants == nil || c.Publisher == nil || c.Idempotency == nil ||
		c.Reader == nil || c.Ledger == nil || c.Readiness == nil {
		return nil, errors.New("portal: a part of the API's configuration is missing")
	}
	c.Limits.fill()
	a := &API{c: c, auth: c.Authenticator, log: c.Log, now: c.Now, budget: &budget{limit: c.Limits.InFlight}, reads: make(chan struct{}, c.Limits.Reads)}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	if len(c.CursorKey) == 0 {
		c.CursorKey = make([]byte, 32)
		rand.Read(c.CursorKey)
	}
	var err error
	if a.cursors, err = newSealer(c.CursorKey); err != nil {
		return nil, err
	}
	return a, nil
}

// Mount puts the API on the router, with its document at /openapi.json and /openapi.yaml and for readers at /docs. It
// is called once.
func (a *API) Mount(router chi.Router) error {
	a.spec = humachi.New(router, newDocument())
	for _, op := range a.operations() {
		a.register(&op)
	}
	finish(a.spec.OpenAPI())
	var err error
	if a.json, err = json.MarshalIndent(a.spec.OpenAPI(), "", "  "); err != nil {
		return err
	}
	if a.yaml, err = a.spec.OpenAPI().YAML(); err != nil {
		return err
	}
	if a.docs, err = renderDocs(a.spec.OpenAPI()); err != nil {
		return err
	}
	router.Get("/openapi.json", static("openapi", "application/json", a.json))
	router.Get("/openapi.yaml", static("openapi", "application/yaml", a.yaml))
	router.Get("/docs", a.docs.serve)
	router.NotFound(func(w http.ResponseWriter, _ *http.Request) { writeProblem(w, notFound()) })
	router.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem(http.StatusMethodNotAllowed, "method", "方法不允许 Method not allowed", ""))
	})
	return nil
}

// Document returns the OpenAPI document in JSON. It is there after Mount.
func (a *API) Document() []byte { return a.json }

func (a *API) operations() []operation {
	return []operation{
		a.listResources(), a.getResource(), a.push(), a.erase(), a.lookup(), a.list(), a.health(), a.ready(),
	}
}

func static(name, contentType string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request.From(r.Context()).Operation = name
		writeBody(w, http.StatusOK, contentType, content)
	}
}
