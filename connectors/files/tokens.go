package files

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
)

// tokens reads the XML of a part piece by piece. A piece over maxToken is an error, so that neither a text without end
// nor a compressed bomb takes memory; the end of the document before its end tag is one too.
type tokens struct {
	*xml.Decoder
	content io.Closer
	budget  *budget
}

// budget is a reader that gives so many bytes until it is filled up again.
type budget struct {
	source *bufio.Reader
	left   int
}

var errToken = errors.New("one piece of XML is too large")

// ReadByte implements io.ByteReader, which keeps the decoder from reading ahead.
func (b *budget) ReadByte() (byte, error) {
	if b.left--; b.left < 0 {
		return 0, errToken
	}
	return b.source.ReadByte()
}

// Read implements io.Reader; the decoder uses ReadByte.
func (b *budget) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := b.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

func newTokens(content io.ReadCloser) *tokens {
	b := &budget{source: bufio.NewReaderSize(content, 64<<10), left: maxToken}
	return &tokens{Decoder: xml.NewDecoder(b), content: content, budget: b}
}

// Token returns the next token; see xml.Decoder.Token.
func (t *tokens) Token() (xml.Token, error) {
	t.budget.left = maxToken
	return t.Decoder.Token()
}

// Close ends reading.
func (t *tokens) Close() error { return t.content.Close() }

// text returns the text inside the element just begun, up to its end, without that of phonetic hints.
func (t *tokens) text(dst []byte) ([]byte, error) {
	held := len(dst)
	for depth, hint := 1, 0; depth > 0; {
		token, err := t.Token()
		if err != nil {
			return dst, unexpected(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			if token.Name.Local == "rPh" {
				hint = depth
			}
		case xml.EndElement:
			if depth == hint {
				hint = 0
			}
			depth--
		case xml.CharData:
			if hint == 0 {
				dst = append(dst, token...)
			}
			if len(dst)-held > maxToken {
				return dst, errToken
			}
		}
	}
	return dst, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func attribute(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}
