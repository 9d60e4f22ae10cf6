package restapi

import (
	"bytes"
	"encoding/json"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/strict"
)

// The modes of a listing.
const (
	modePage   = "page"
	modeOffset = "offset"
	modeCursor = "cursor"
	modeSince  = "since"
	modeSingle = "single"
)

// options are those of one stream.
type options struct {
	Mode    string                      `json:"mode"`
	Method  string                      `json:"method"`
	Query   map[string]string           `json:"query"`
	Body    json.RawMessage             `json:"body"`
	Records string                      `json:"records"`
	Columns map[datarun.ItemName]string `json:"columns"`

	OKPath   string   `json:"ok_path"`
	OKValues []string `json:"ok_values"`

	Size        int             `json:"size"`
	SizeParam   string          `json:"size_param"`
	PageParam   string          `json:"page_param"`
	First       int64           `json:"first"`
	OffsetParam string          `json:"offset_param"`
	CursorParam string          `json:"cursor_param"`
	Next        string          `json:"next"`
	Follow      bool            `json:"follow"`
	End         string          `json:"end"`
	FullEvery   strict.Duration `json:"full_every"`
	MaxPages    int64           `json:"max_pages"`

	SinceParam string          `json:"since_param"`
	SinceItem  string          `json:"since_item"`
	SinceAs    string          `json:"since_as"`
	SinceStart string          `json:"since_start"`
	Overlap    json.RawMessage `json:"overlap"`

	template any           // Body, parsed
	within   string        // since: how one answer to it is paged; empty for not at all
	late     time.Duration // since by time: the overlap
	back     int64         // since by number: the overlap
}

func readOptions(stream connectors.Stream) (*options, error) {
	place := "restapi: stream " + stream.Name + ": options"
	o := &options{Mode: modePage, Method: "GET", Size: 500, First: 1, End: "empty", FullEvery: strict.Duration(time.Hour), MaxPages: 100_000, SinceAs: "time"}
	if err := strict.Decode(place, stream.Options, o); err != nil {
		return nil, err
	}
	for _, check := range []func(*options) (key, want string){checkListing, checkBody, checkModes, checkSince} {
		if key, want := check(o); key != "" {
			return nil, datarun.Errorf(datarun.Invalid, place, "key %q: %s", key, want)
		}
	}
	for name := range o.Columns {
		if len(stream.Items) > 0 && !hasItem(stream.Items, name) {
			return nil, datarun.Errorf(datarun.Invalid, place, "key %q: the entry has no item %s", "columns", name)
		}
	}
	return o, nil
}

func hasItem(items []datarun.Item, name datarun.ItemName) bool {
	for i := range items {
		if items[i].Name == name {
			return true
		}
	}
	return false
}

func checkListing(o *options) (key, want string) {
	switch {
	case o.Mode != modePage && o.Mode != modeOffset && o.Mode != modeCursor && o.Mode != modeSince && o.Mode != modeSingle:
		return "mode", "must be page, offset, cursor, since or single"
	case o.Method != "GET" && o.Method != "POST":
		return "method", "must be GET or POST"
	case o.Size < 1 || o.Size > 1_000_000:
		return "size", "must be 1 to 1000000"
	case o.End != "empty" && o.End != "short":
		return "end", "must be empty or short"
	case o.MaxPages < 1:
		return "max_pages", "must be at least 1"
	case o.FullEvery <= 0:
		return "full_every", "must be longer than nothing"
	case (o.OKPath == "") != (len(o.OKValues) == 0):
		return "ok_path", "goes together with ok_values"
	}
	return "", ""
}

func checkBody(o *options) (key, want string) {
	if len(o.Body) == 0 {
		return "", ""
	}
	if o.Method != "POST" {
		return "body", "needs method POST"
	}
	d := json.NewDecoder(bytes.NewReader(o.Body))
	d.UseNumber() // a number of the template goes out as it is written
	if d.Decode(&o.template) != nil {
		return "body", "not JSON"
	}
	return "", ""
}

// checkModes sets the parameters that a mode has unless the body carries them, and refuses a mode without any.
func checkModes(o *options) (key, want string) {
	held := placeholders(o.template)
	need := func(param *string, name, usual string) bool {
		if *param == "" && !held[name] && len(o.Body) == 0 {
			*param = usual
		}
		return *param != "" || held[name]
	}
	switch {
	case o.Mode == modePage && !need(&o.PageParam, "{page}", "page"):
		return "page_param", `set it, or put "{page}" into the body`
	case o.Mode == modeOffset && !need(&o.OffsetParam, "{offset}", "offset"):
		return "offset_param", `set it, or put "{offset}" into the body`
	case o.Mode == modeCursor && !need(&o.CursorParam, "{cursor}", "cursor"):
		return "cursor_param", `set it, or put "{cursor}" into the body`
	case o.Mode == modeCursor && o.Next == "":
		return "next", "the path of the next page's token in the answer is required"
	case o.Mode == modeSince && !need(&o.SinceParam, "{since}", "since"):
		return "since_param", `set it, or put "{since}" into the body`
	}
	switch {
	case o.Mode != modeSince:
		o.within = o.Mode
	case o.PageParam != "" || held["{page}"]:
		o.within = modePage
	case o.OffsetParam != "" || held["{offset}"]:
		o.within = modeOffset
	case o.Next != "":
		if o.within = modeCursor; !need(&o.CursorParam, "{cursor}", "cursor") {
			return "cursor_param", `set it, or put "{cursor}" into the body`
		}
	}
	if o.Mode != modeSingle {
		usual := "limit"
		if o.within == modePage {
			usual = "size"
		}
		need(&o.SizeParam, "{size}", usual)
	}
	return "", ""
}

func checkSince(o *options) (key, want string) {
	if o.Mode != modeSince {
		if o.SinceItem != "" || o.SinceStart != "" || o.SinceParam != "" || len(o.Overlap) > 0 {
			return "mode", "the since keys need mode since"
		}
		return "", ""
	}
	if o.SinceItem == "" {
		return "since_item", "the path of the time or number in a record is required"
	}
	switch o.SinceAs {
	case "time":
		late := strict.Duration(time.Minute)
		if len(o.Overlap) > 0 && late.UnmarshalJSON(o.Overlap) != nil {
			return "overlap", `must be a time span like "1m"`
		}
		o.late = time.Duration(late)
	case "number":
		if len(o.Overlap) > 0 && (json.Unmarshal(o.Overlap, &o.back) != nil || o.back < 0) {
			return "overlap", "must be a number, in the unit of since_item"
		}
	default:
		return "since_as", "must be time or number"
	}
	if _, ok := o.sinceValue(o.SinceStart); o.SinceStart != "" && !ok {
		return "since_start", "must be in the form that since_as says"
	}
	return "", ""
}

// placeholders lists the strings of a body template that requests replace.
func placeholders(template any) map[string]bool {
	found := make(map[string]bool)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			found[v] = true
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(template)
	return found
}
