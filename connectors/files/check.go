package files

import (
	"context"
	"errors"
	"fmt"
	"path"
	"unicode/utf8"

	"datarun/connectors"
)

// checkFiles is how many of a stream's files a check opens, the newest.
const checkFiles = 3

// Check implements connectors.Source.
func (s *source) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	c := &check{ctx: ctx, source: s, takers: make(map[fileName]string)}
	f, err := openFolder(&s.settings)
	if err != nil {
		c.find(connectors.Fail, "", "folder", fmt.Sprintf("cannot be opened: %v", err))
		return c.report, nil
	}
	defer f.Close()
	c.folder = f
	c.access()
	for _, stream := range streams {
		if err := ctx.Err(); err != nil {
			return c.report, err
		}
		c.stream(stream)
	}
	return c.report, nil
}

type check struct {
	ctx    context.Context
	source *source
	folder *folder
	report connectors.Report
	takers map[fileName]string // which stream takes a file
}

func (c *check) find(level connectors.Level, stream, what, detail string) {
	c.report.Findings = append(c.report.Findings, connectors.Finding{Level: level, Stream: stream, What: what, Detail: detail})
}

// access looks whether files can be moved away, changing nothing.
func (c *check) access() {
	c.find(connectors.Pass, "", "folder", "can be opened and listed")
	for _, dir := range []string{".", c.source.settings.Done, c.source.settings.Failed} {
		info, err := c.folder.Stat(dir)
		switch {
		case err != nil: // made when it is needed
		case !info.IsDir():
			c.find(connectors.Fail, "", "folder", dir+" is there and is no folder: files that were read could not be moved")
		case !writable(path.Join(c.folder.Name(), dir)):
			c.find(connectors.Fail, "", "folder", dir+" cannot be written to: files that were read could not be moved")
		}
	}
}

func (c *check) stream(stream connectors.Stream) {
	o, err := readOptions(stream)
	if err == nil {
		err = checkPattern(stream.Object)
	}
	if err != nil {
		c.find(connectors.Fail, stream.Name, "settings", err.Error())
		return
	}
	found, err := c.folder.scan(stream.Object)
	if err != nil {
		c.find(connectors.Fail, stream.Name, "files", err.Error())
		return
	}
	if len(found) == 0 {
		c.find(connectors.Warn, stream.Name, "files", "no file matches now; nothing is wrong if none is due")
		return
	}
	c.find(connectors.Pass, stream.Name, "files", fmt.Sprintf("%d match", len(found)))
	for _, id := range found {
		if other, taken := c.takers[id.Name]; taken && other != stream.Name {
			c.find(connectors.Fail, stream.Name, "files", fmt.Sprintf("%s matches stream %s too: whichever reads it first takes it away", id.Name, other))
			break
		}
		c.takers[id.Name] = stream.Name
		if !utf8.ValidString(string(id.Name)) {
			c.find(connectors.Warn, stream.Name, "files", fmt.Sprintf("the name %s is not UTF-8; it is shown with U+FFFD", id.Name))
		}
	}
	for _, id := range found[max(0, len(found)-checkFiles):] {
		c.file(stream, o, id)
	}
	c.find(connectors.Warn, stream.Name, "deletes", "files add and change records; they cannot delete any")
}

// file opens one file and looks whether its columns are those of the entry, and its first record is readable.
func (c *check) file(stream connectors.Stream, o options, id identity) {
	name := id.Name.String()
	opened, err := c.folder.Open(string(id.Name))
	if err != nil {
		c.find(connectors.Fail, stream.Name, "file", fmt.Sprintf("%s cannot be opened: %v", name, err))
		return
	}
	defer opened.Close()
	in := &input{
		name: name, file: opened, size: id.Size, stream: stream, options: o,
		zone: c.source.settings.Zone, limit: int(c.source.settings.MaxLine),
	}
	from, err := newReader(c.ctx, in, 0, 0)
	var whole *broken
	switch {
	case errors.As(err, &whole):
		c.find(connectors.Fail, stream.Name, "file", whole.Error())
		return
	case err != nil:
		c.find(connectors.Fail, stream.Name, "file", fmt.Sprintf("%s cannot be read: %v", name, err))
		return
	}
	if _, fault, err := from.next(nil); err == nil && fault != nil {
		c.find(connectors.Warn, stream.Name, "file", fault.Where+": the first record is faulty: "+fault.Detail)
		return
	}
	c.find(connectors.Pass, stream.Name, "file", name+": "+describe(from))
}

func describe(from reader) string {
	switch from := from.(type) {
	case *csvReader:
		return fmt.Sprintf("CSV in %s, %d columns, %d of them read", from.encoding(), from.width, len(from.columns))
	case *sheetReader:
		return fmt.Sprintf("xlsx, %d columns read", len(from.columns))
	}
	return "JSON lines"
}
