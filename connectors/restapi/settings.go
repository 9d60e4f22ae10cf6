package restapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"datarun"
	"datarun/connectors/internal/shape"
	"datarun/connectors/internal/strict"
)

// settings are those of the source: one service.
type settings struct {
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	CA        string            `json:"ca"`
	Timeout   strict.Duration   `json:"timeout"`
	Rate      float64           `json:"rate"`
	Retries   int               `json:"retries"`
	RetryFor  strict.Duration   `json:"retry_for"`
	MaxAnswer strict.Bytes      `json:"max_answer"`
	Zone      shape.Zone        `json:"zone"`
	Samples   []string          `json:"samples"`

	base *url.URL
}

// maxAnswer bounds the max_answer setting: an answer is held in memory whole.
const maxAnswer = 256 << 20

func readSettings(raw json.RawMessage) (settings, error) {
	const place = "restapi: settings"
	s := settings{
		Timeout: strict.Duration(30 * time.Second), Rate: 10, Retries: 5, RetryFor: strict.Duration(2 * time.Minute),
		MaxAnswer: 32 << 20, Zone: shape.China,
	}
	if err := strict.Decode(place, raw, &s); err != nil {
		return s, err
	}
	invalid := func(key, want string) (settings, error) {
		return s, datarun.Errorf(datarun.Invalid, place, "key %q: %s", key, want)
	}
	base, err := url.Parse(s.URL)
	switch {
	case s.URL == "":
		return invalid("url", "the address of the service is required")
	case err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.RawQuery != "" || base.Fragment != "":
		return invalid("url", "must be like https://host/path, without a query")
	case base.User != nil:
		return invalid("url", "must not hold a password: set the header Authorization")
	case s.Timeout <= 0 || s.RetryFor <= 0:
		return invalid("timeout", "timeout and retry_for must be longer than nothing")
	case s.Rate < 0:
		return invalid("rate", "must be the most requests a second, or 0 for no limit")
	case s.Retries < 0 || s.Retries > 100:
		return invalid("retries", "must be 0 to 100")
	case s.MaxAnswer > maxAnswer:
		return invalid("max_answer", "at most 256MiB")
	}
	s.base = base
	for _, sample := range s.Samples {
		if _, err := s.target(sample); err != nil {
			return invalid("samples", err.Error())
		}
	}
	for name, value := range s.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "Connection":
			return invalid("headers", name+" is set by the connector itself")
		}
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return invalid("headers", "the name or value of one is not a header's")
		}
	}
	return s, nil
}

// target joins a stream's object, a path with an optional query, to the service's address.
func (s *settings) target(object string) (*url.URL, error) {
	const place = "restapi: object"
	path, err := url.Parse(object)
	if err != nil || path.Scheme != "" || path.Host != "" || path.Fragment != "" || strings.HasPrefix(object, "//") {
		return nil, datarun.Errorf(datarun.Invalid, place, `must be a path below the service's url, such as "v1/persons"`)
	}
	for _, part := range strings.Split(path.Path, "/") {
		if part == ".." {
			return nil, datarun.Errorf(datarun.Invalid, place, "may not hold .. parts")
		}
	}
	target := *s.base
	if path.Path != "" {
		target = *s.base.JoinPath(path.EscapedPath())
	}
	target.RawQuery = path.RawQuery
	return &target, nil
}
