package files

import (
	"encoding/json"
	"path"
	"path/filepath"
	"strings"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
	"datarun/connectors/internal/strict"
)

// settings are those of the source: one drop folder.
type settings struct {
	Folder  string          `json:"folder"`
	Done    string          `json:"done"`
	Failed  string          `json:"failed"`
	Settle  strict.Duration `json:"settle"`
	Zone    shape.Zone      `json:"zone"`
	MaxLine strict.Bytes    `json:"max_line"`
}

// maxLine bounds the max_line setting: a batch must hold a record and stay below the wire's message limit.
const maxLine = 16 << 20

func readSettings(raw json.RawMessage) (settings, error) {
	const place = "files: settings"
	s := settings{
		Done: "done", Failed: "failed", Settle: strict.Duration(2 * time.Second), Zone: shape.China, MaxLine: 1 << 20,
	}
	if err := strict.Decode(place, raw, &s); err != nil {
		return s, err
	}
	if s.Folder == "" {
		return s, datarun.Errorf(datarun.Invalid, place, `key "folder": the path of the drop folder is required`)
	}
	if s.MaxLine > maxLine {
		return s, datarun.Errorf(datarun.Invalid, place, `key "max_line": at most 16MiB`)
	}
	s.Done, s.Failed = path.Clean(filepath.ToSlash(s.Done)), path.Clean(filepath.ToSlash(s.Failed))
	for key, dir := range map[string]string{"done": s.Done, "failed": s.Failed} {
		if dir == "." || !filepath.IsLocal(dir) {
			return s, datarun.Errorf(datarun.Invalid, place, "key %q: must be a folder below the drop folder, such as %q", key, key)
		}
	}
	if s.Done == s.Failed {
		return s, datarun.Errorf(datarun.Invalid, place, `keys "done" and "failed" must differ`)
	}
	return s, nil
}

// options are those of one stream.
type options struct {
	Format    string                      `json:"format"`
	Encoding  string                      `json:"encoding"`
	Delimiter string                      `json:"delimiter"`
	Header    int                         `json:"header"`
	Sheet     string                      `json:"sheet"`
	Columns   map[datarun.ItemName]string `json:"columns"`
}

// The values of option format, and what Read makes of a name's extension.
const (
	formatCSV   = "csv"
	formatXLSX  = "xlsx"
	formatLines = "jsonl"
)

func readOptions(stream connectors.Stream) (options, error) {
	place := "files: stream " + stream.Name + ": options"
	o := options{Encoding: "auto", Delimiter: ",", Header: 1}
	if err := strict.Decode(place, stream.Options, &o); err != nil {
		return o, err
	}
	invalid := func(key, want string) error {
		return datarun.Errorf(datarun.Invalid, place, "key %q: %s", key, want)
	}
	switch o.Format {
	case "", formatCSV, formatXLSX, formatLines:
	default:
		return o, invalid("format", "must be csv, xlsx or jsonl, or absent to go by the file's extension")
	}
	switch o.Encoding = strings.ToLower(o.Encoding); o.Encoding {
	case "utf8":
		o.Encoding = "utf-8"
	case "auto", "utf-8", "gbk", "gb18030":
	default:
		return o, invalid("encoding", "must be auto, utf-8, gbk or gb18030")
	}
	if len(o.Delimiter) != 1 || o.Delimiter[0] >= 0x7f || strings.ContainsAny(o.Delimiter, "\"\r\n\x00") {
		return o, invalid("delimiter", `must be one ASCII character other than a quote or line end, such as "," or "\t"`)
	}
	if o.Header < 1 || o.Header > 1000 {
		return o, invalid("header", "must be the number of the line that holds the column names, 1 to 1000")
	}
	for name := range o.Columns {
		if len(stream.Items) > 0 && !hasItem(stream.Items, name) {
			return o, invalid("columns", "the entry has no item "+string(name))
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

// formatOf returns the format of a file: as the stream says, else by the extension; empty when neither tells.
func (o *options) formatOf(name string) string {
	if o.Format != "" {
		return o.Format
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv", ".txt":
		return formatCSV
	case ".xlsx", ".xlsm":
		return formatXLSX
	case ".jsonl", ".ndjson", ".json":
		return formatLines
	}
	return ""
}
