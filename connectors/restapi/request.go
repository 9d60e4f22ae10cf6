package restapi

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"

	"datarun"
)

// request makes the address and body of the next page of a round.
func (o *options) request(target *url.URL, r *round) (*url.URL, []byte, error) {
	values := map[string]any{"{size}": o.Size, "{page}": r.Page, "{offset}": r.Offset, "{cursor}": nil, "{since}": nil}
	if len(r.Cursor) > 0 {
		values["{cursor}"] = r.Cursor
	}
	if r.Asked != "" {
		values["{since}"] = r.Asked
		if o.SinceAs == "number" {
			values["{since}"] = json.Number(r.Asked)
		}
	}
	at := *target
	query := at.Query()
	for name, value := range o.Query {
		query.Set(name, value)
	}
	set := func(param, placeholder string) {
		if text := plain(values[placeholder]); param != "" && text != "" {
			query.Set(param, text)
		}
	}
	if o.Mode != modeSingle {
		set(o.SizeParam, "{size}")
	}
	switch o.within {
	case modePage:
		set(o.PageParam, "{page}")
	case modeOffset:
		set(o.OffsetParam, "{offset}")
	case modeCursor:
		set(o.CursorParam, "{cursor}")
	}
	set(o.SinceParam, "{since}")
	at.RawQuery = query.Encode()
	if o.template == nil {
		return &at, nil, nil
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(fill(o.template, values)); err != nil {
		return nil, nil, datarun.Errorf(datarun.Internal, "restapi: body", "%w", err)
	}
	return &at, bytes.TrimSpace(body.Bytes()), nil
}

// plain is a value as a query carries it: a token's text, a number's digits, nothing for nothing.
func plain(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case int:
		return strconv.Itoa(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case json.RawMessage:
		var text string
		if json.Unmarshal(value, &text) == nil {
			return text
		}
		return string(value)
	}
	return ""
}

// fill copies a template with its placeholders replaced; a placeholder is a whole string, so that {page} is a number.
func fill(template any, values map[string]any) any {
	switch v := template.(type) {
	case string:
		if value, ok := values[v]; ok {
			return value
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = fill(v[i], values)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = fill(v[name], values)
		}
		return out
	}
	return template
}
