package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"datarun/portal/request"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle string

// page is the document for readers: one HTML file without scripts, without anything from elsewhere.
type page struct {
	html   []byte
	policy string
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	request.From(r.Context()).Operation = "docs"
	w.Header().Set("Content-Security-Policy", p.policy)
	writeBody(w, http.StatusOK, "text/html; charset=utf-8", p.html)
}

// renderDocs makes the page once: it depends on nothing but the document.
func renderDocs(doc *huma.OpenAPI) (page, error) {
	tmpl, err := template.New("docs").Funcs(template.FuncMap{
		"paragraphs": paragraphs, "lower": strings.ToLower, "local": local, "kind": kind, "css": func() template.CSS { return template.CSS(docsStyle) }, //nolint:gosec // a constant of ours
	}).Parse(docsTemplate)
	if err != nil {
		return page{}, err
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, viewOf(doc)); err != nil {
		return page{}, err
	}
	sum := sha256.Sum256([]byte(docsStyle))
	policy := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'", base64.StdEncoding.EncodeToString(sum[:]))
	return page{b.Bytes(), policy}, nil
}

// docsView is the document in the order of the page.
type docsView struct {
	Info    *huma.Info
	Groups  []docsGroup
	Schemes []docsScheme
	Schemas []docsSchema
}

type docsGroup struct {
	Tag        *huma.Tag
	Operations []docsOperation
}

type docsOperation struct {
	*huma.Operation
	Body    []docsContent
	Answers []docsAnswer
	Public  bool
}

type docsContent struct {
	Type string
	*huma.MediaType
}

type docsAnswer struct {
	Status, Description string
	Schema              *huma.Schema
}

type docsScheme struct {
	Name string
	*huma.SecurityScheme
}

type docsSchema struct {
	Name    string
	Members []docsMember
}

type docsMember struct {
	Name     string
	Required bool
	*huma.Schema
}

func viewOf(doc *huma.OpenAPI) docsView {
	v := docsView{Info: doc.Info}
	for _, tag := range doc.Tags {
		v.Groups = append(v.Groups, docsGroup{Tag: tag})
	}
	for _, path := range sorted(doc.Paths) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			i := slices.IndexFunc(v.Groups, func(g docsGroup) bool { return g.Tag.Name == op.Tags[0] })
			v.Groups[i].Operations = append(v.Groups[i].Operations, operationView(doc, op))
		}
	}
	for _, name := range sorted(doc.Components.SecuritySchemes) {
		v.Schemes = append(v.Schemes, docsScheme{name, doc.Components.SecuritySchemes[name]})
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range sorted(schemas) {
		s := docsSchema{Name: name}
		for _, member := range sorted(schemas[name].Properties) {
			s.Members = append(s.Members, docsMember{member, slices.Contains(schemas[name].Required, member), schemas[name].Properties[member]})
		}
		v.Schemas = append(v.Schemas, s)
	}
	return v
}

func operationView(doc *huma.OpenAPI, op *huma.Operation) docsOperation {
	v := docsOperation{Operation: op, Public: len(op.Security) == 0}
	if op.RequestBody != nil {
		for _, t := range sorted(op.RequestBody.Content) {
			v.Body = append(v.Body, docsContent{t, op.RequestBody.Content[t]})
		}
	}
	for _, status := range sorted(op.Responses) {
		r := op.Responses[status]
		if r.Ref != "" {
			r = doc.Components.Responses[local(r.Ref)]
		}
		a := docsAnswer{Status: status, Description: r.Description}
		for _, c := range r.Content {
			a.Schema = c.Schema
		}
		v.Answers = append(v.Answers, a)
	}
	return v
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func paragraphs(s string) []string { return strings.Split(s, "\n\n") }

// local is the last part of a reference: the schema's name and its anchor on the page.
func local(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// kind says a schema's type in a word.
func kind(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Type == "array":
		if s.Items.Ref != "" {
			return local(s.Items.Ref) + "[]"
		}
		return kind(s.Items) + "[]"
	case len(s.OneOf) > 0:
		var kinds []string
		for _, o := range s.OneOf {
			kinds = append(kinds, kind(o))
		}
		return "(" + strings.Join(kinds, " | ") + ")"
	case s.Format != "":
		return s.Type + " " + s.Format
	case s.Type == "":
		return "object"
	}
	return s.Type
}
