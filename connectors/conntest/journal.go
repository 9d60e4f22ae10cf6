package conntest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"datarun"
	"datarun/connectors"
)

// Journal is the reference connector that also runs as a process: like Memory, but its log of changes is a file that
// AppendJournal writes. Settings: path (string, the file) and batch (number of records emitted at once, default 3).
var Journal = connectors.Connector{
	Name: "journal", Summary: "rows in a file of changes, for tests", Title: "日志文件数据源（测试用）",
	Help: "Settings: `path` (string): the file. `batch` (number, default 3): records emitted at once.",
	New: func(settings json.RawMessage) (connectors.Source, error) {
		j := &journal{}
		if err := strict("journal settings", settings, j); err != nil {
			return nil, err
		}
		if j.Path == "" {
			return nil, datarun.Errorf(datarun.Invalid, "journal settings", "path is empty")
		}
		return &reference{log: j}, nil
	},
}

type journal struct {
	Path  string `json:"path"`
	Batch int    `json:"batch"`
}

// AppendJournal adds changes of rows to the file that Journal reads; it is made when it is not there.
func AppendJournal(path string, op datarun.Op, rows ...string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, r := range rows {
		b, err := json.Marshal(change{Op: op, Data: json.RawMessage(r)})
		if err != nil {
			return errors.Join(err, f.Close())
		}
		lines.Write(append(b, '\n'))
	}
	_, err = f.Write(lines.Bytes())
	return errors.Join(err, f.Close())
}

// JournalRows is what the file at path holds now, in no order.
func JournalRows(path string) ([]string, error) {
	log, err := (&journal{Path: path}).since(context.Background(), 0)
	return rowsOf(log), err
}

func (j *journal) since(ctx context.Context, at int) ([]change, error) {
	f, err := os.Open(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, datarun.Errorf(datarun.NotFound, "journal", "there is no file")
	}
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "journal", "open: %w", err)
	}
	defer func() { _ = f.Close() }()
	var log []change
	lines := bufio.NewReader(f)
	for n := 0; ctx.Err() == nil; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return log, nil // a line without its end is still being written
		}
		if err != nil {
			return nil, datarun.Errorf(datarun.Unavailable, "journal", "read: %w", err)
		}
		if n < at {
			continue
		}
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, datarun.Errorf(datarun.Corrupt, "journal", "line %d is not a change", n+1)
		}
		log = append(log, c)
	}
	return nil, ctx.Err()
}

func (j *journal) note(int, int)    {}
func (j *journal) batch() int       { return j.Batch }
func (j *journal) before(int) error { return nil }
