package api

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"datarun"
	"datarun/portal/auth"
	"datarun/portal/request"
)

// need says who an operation is for. The zero need is nobody's, and New refuses it.
type need int

const (
	_           need = iota
	forAnybody       // no credentials
	forAgency        // any agency that proves who it is
	forProvider      // the provider of the resource in the path
	forGranted       // an agency with a grant for the resource in the path
)

// operation is one line of the API: what the document says of it, who it is for, what it does.
type operation struct {
	doc   huma.Operation
	need  need
	serve func(*call) error
}

// call is a request that was let in. Which fields are set follows from the operation's need.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	id     string
	now    time.Time
	caller auth.Caller   // not for anybody
	entry  Entry         // for providers and the granted
	grant  datarun.Grant // for the granted
}

// register puts the operation into the document and on its route. The document's security follows from the need, so
// that it cannot say otherwise.
func (a *API) register(op *operation) {
	if op.need < forAnybody || op.need > forGranted {
		panic("portal: operation " + op.doc.OperationID + " does not say who it is for")
	}
	op.doc.Security = []map[string][]string{}
	if op.need != forAnybody {
		op.doc.Security = []map[string][]string{{"bearer": {}}, {"key": {}}, {"certificate": {}}}
	}
	a.spec.OpenAPI().AddOperation(&op.doc)
	a.spec.Adapter().Handle(&op.doc, func(ctx huma.Context) {
		r, w := humachi.Unwrap(ctx)
		request.From(r.Context()).Operation = op.doc.OperationID
		c := &call{w: w, r: r, id: request.From(r.Context()).ID, now: a.now()}
		err := a.admit(c, op.need)
		if err == nil {
			err = op.serve(c)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

// admit lets a call in or says why not.
func (a *API) admit(c *call, n need) error {
	if n == forAnybody {
		return nil
	}
	caller, verdict := a.auth.Authenticate(c.r)
	switch verdict {
	case auth.Passed:
	case auth.Throttled:
		return busy("too many wrong credentials from this address", time.Minute)
	default:
		return unauthorized()
	}
	c.caller = caller
	request.From(c.r.Context()).Agency = string(caller.Agency.Code)
	if n == forAgency {
		return nil
	}
	return a.admitTo(c, n)
}

// admitTo asks the same questions in the same order whether the resource exists or not and whether the caller may or
// not: neither the answer nor its time tells the two apart.
func (a *API) admitTo(c *call, n need) error {
	code := codeOf(c.r)
	entry, err := a.c.Directory.Resource(c.r.Context(), code)
	grant, granted := a.c.Grants.Allowed(c.caller.Agency.Code, code, c.now)
	if err != nil {
		return err
	}
	if n == forProvider {
		granted = entry.Resource.Provider == c.caller.Agency.Code
	}
	if !granted {
		return notFound()
	}
	c.entry, c.grant = entry, grant
	return nil
}

// codeOf returns the code in the path. One that cannot be is looked for all the same, and not found.
func codeOf(r *http.Request) datarun.ResourceCode {
	code := r.PathValue("code")
	if plain, err := url.PathUnescape(code); err == nil {
		code = plain
	}
	return datarun.ResourceCode(strings.Replace(code, ".", "/", 1))
}
