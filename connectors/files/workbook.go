package files

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// A workbook is read with archive/zip and encoding/xml rather than with a spreadsheet library: streaming readers of
// those give a cell's text without its type and style, so a date cannot be told from a number, and end without an error
// where the sheet's XML breaks off, which would lose rows in silence.

// workbook is an opened .xlsx: what is needed to read one sheet of it.
type workbook struct {
	parts    map[string]*zip.File // by name in lower case: writers differ in it
	sheets   []sheetRef
	base1904 bool
	dates    []dateStyle // by cell style
	strings  sharedStrings
}

type sheetRef struct{ name, part string }

func openWorkbook(name string, file io.ReaderAt, size int64) (*workbook, error) {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, notBook(name, err)
	}
	w := &workbook{parts: make(map[string]*zip.File, len(archive.File))}
	for _, part := range archive.File {
		w.parts[strings.ToLower(strings.TrimPrefix(part.Name, "/"))] = part
	}
	for _, read := range []func() error{w.readSheets, w.readStyles, w.readStrings} {
		if err := read(); err != nil {
			return nil, notBook(name, err)
		}
	}
	return w, nil
}

// notBook tells a file that is no workbook from one that cannot be read now.
func notBook(name string, err error) error {
	var io *fs.PathError
	var whole *broken
	if errors.As(err, &io) || errors.As(err, &whole) || isCancel(err) {
		return err
	}
	return brokenf(name, "the workbook cannot be read: %v", err)
}

// sheet returns the sheet of that name, or the first when name is empty.
func (w *workbook) sheet(name string) (sheetRef, bool) {
	for _, s := range w.sheets {
		if name == "" || s.name == name {
			return s, true
		}
	}
	return sheetRef{}, false
}

type relationships struct {
	List []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// targets returns the parts that part is related to, by relationship id and by the last word of the type.
func (w *workbook) targets(part string) (byID, byType map[string]string, err error) {
	var r relationships
	rels := path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
	if part == "" {
		rels = "_rels/.rels"
	}
	if err := w.decode(rels, &r); err != nil {
		return nil, nil, err
	}
	byID, byType = make(map[string]string), make(map[string]string)
	for _, rel := range r.List {
		target := path.Join(path.Dir(part), rel.Target)
		if strings.HasPrefix(rel.Target, "/") {
			target = strings.TrimPrefix(rel.Target, "/")
		}
		byID[rel.ID], byType[path.Base(rel.Type)] = target, target
	}
	return byID, byType, nil
}

func (w *workbook) readSheets() error {
	_, roots, err := w.targets("")
	if err != nil {
		return err
	}
	main := roots["officeDocument"]
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := w.decode(main, &book); err != nil {
		return err
	}
	byID, byType, err := w.targets(main)
	if err != nil {
		return err
	}
	w.base1904 = book.Properties.Date1904 == "1" || book.Properties.Date1904 == "true"
	for _, s := range book.Sheets {
		for _, attr := range s.Attrs {
			if target := byID[attr.Value]; attr.Name.Local == "id" && strings.Contains(strings.ToLower(target), "worksheet") {
				w.sheets = append(w.sheets, sheetRef{s.Name, target})
			}
		}
	}
	w.strings.part, w.strings.styles = byType["sharedStrings"], byType["styles"]
	return nil
}

// open returns the XML of a part as a token source whose memory is bounded.
func (w *workbook) open(part string) (*tokens, error) {
	entry := w.parts[strings.ToLower(part)]
	if entry == nil {
		return nil, errors.New("a part is missing")
	}
	content, err := entry.Open()
	if err != nil {
		return nil, err
	}
	return newTokens(content), nil
}

// decode reads a small part whole.
func (w *workbook) decode(part string, into any) error {
	entry := w.parts[strings.ToLower(part)]
	if entry == nil {
		return errors.New("a part is missing")
	}
	if entry.UncompressedSize64 > maxPart {
		return errors.New("a part is too large")
	}
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return xml.NewDecoder(io.LimitReader(content, maxPart)).Decode(into)
}

// maxPart bounds the parts that are read whole; maxToken any one piece of a streamed part.
const (
	maxPart  = 16 << 20
	maxToken = 4 << 20
)
