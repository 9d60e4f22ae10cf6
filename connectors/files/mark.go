package files

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"datarun"
)

// mark is what a position says. A file is in it while it is being read, and from its end until it was moved away, so it
// stays as small as the number of files read but not yet acked.
type mark struct {
	File *reading `json:"file,omitempty"` // being read; nil between files
	Done []ended  `json:"done,omitempty"` // read to the end, still in the drop folder
}

// identity tells one state of a file from another. A file that comes back under the same name differs in its time.
type identity struct {
	Name  fileName `json:"name"`  // below the drop folder, with slashes
	Size  int64    `json:"size"`  // bytes
	Mtime int64    `json:"mtime"` // nanoseconds since 1970
}

// fileName is a file's path. One that is not UTF-8 (a GBK name on Linux) is written as a NUL, which no name has, and hex.
type fileName string

// MarshalText implements encoding.TextMarshaler.
func (n fileName) MarshalText() ([]byte, error) {
	if utf8.ValidString(string(n)) {
		return []byte(n), nil
	}
	return hex.AppendEncode([]byte{0}, []byte(n)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *fileName) UnmarshalText(text []byte) error {
	if len(text) > 0 && text[0] == 0 {
		name, err := hex.AppendDecode(nil, text[1:])
		*n = fileName(name)
		return err
	}
	*n = fileName(text)
	return nil
}

// String returns the name as it may be shown: as UTF-8.
func (n fileName) String() string { return strings.ToValidUTF8(string(n), "\ufffd") }

// reading is the file being read and where to go on.
type reading struct {
	identity
	Head   string `json:"head"`   // hex of the first 8 bytes of the SHA-256 of its first 4 KiB
	Offset int64  `json:"offset"` // bytes; unused for xlsx
	Row    int64  `json:"row"`    // lines or rows taken
}

// ended is a file that waits to be moved.
type ended struct {
	identity
	Failed bool `json:"failed,omitempty"` // to the failed folder
}

// maxDone bounds the files that wait to be moved, in bytes of their names and numbers, so that a position stays below
// the 64 KiB that the hub keeps, however a name is escaped.
const maxDone = 32 << 10

// weight is the most that an ended file takes in a position, but for escapes.
func (e *ended) weight() int { return len(e.Name) + 90 }

// decodeMark reads a position; an empty one is the beginning.
func decodeMark(position datarun.Position) (mark, error) {
	var m mark
	if len(position) == 0 {
		return m, nil
	}
	corrupt := func(why string) (mark, error) {
		return mark{}, datarun.Errorf(datarun.Corrupt, "files: position", "%s", why)
	}
	d := json.NewDecoder(bytes.NewReader(position))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil {
		return corrupt("not one of this connector")
	}
	if _, err := d.Token(); err != io.EOF {
		return corrupt("bytes after its end")
	}
	if f := m.File; f != nil && (f.Offset < 0 || f.Offset > f.Size || f.Row < 0 || !local(f.Name)) {
		return corrupt("the file being read makes no sense")
	}
	for i := range m.Done {
		if !local(m.Done[i].Name) {
			return corrupt("a file that was read makes no sense")
		}
	}
	return m, nil
}

func local(name fileName) bool {
	return name != "." && filepath.IsLocal(filepath.FromSlash(string(name)))
}

func (m *mark) encode() (datarun.Position, error) {
	out, err := json.Marshal(m)
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, "files: position", "%w", err)
	}
	return out, nil
}

func identityOf(name fileName, info os.FileInfo) identity {
	return identity{Name: name, Size: info.Size(), Mtime: info.ModTime().UnixNano()}
}
