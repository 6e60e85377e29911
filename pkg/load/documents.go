package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// documents takes a text apart into JSON objects, without judging what is in them.
type documents struct {
	in           *bufio.Reader
	line, column int // of the next byte; the column is exact at the beginning of a document
	document     []byte
	keys         []string
}

// next returns the next object, which is valid until the next call, and its keys. At the end of the text it returns
// io.EOF. An object that is cut off is returned as it is.
func (d *documents) next() (document []byte, keys []string, begin start, err error) {
	first, err := d.skipSpace()
	if err != nil {
		return nil, nil, start{}, err
	}
	begin = start{line: d.line, column: d.column}
	if first != '{' {
		return nil, nil, begin, &RecordError{begin.at(nil, 0), notAnObject(first)}
	}
	d.document, d.keys = d.document[:0], nil
	var o outline
	for !o.done {
		c, err := d.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return d.document, d.keys, begin, nil
		}
		if err != nil {
			return nil, nil, begin, err
		}
		if len(d.document) == maxRecord {
			return nil, nil, begin, &RecordError{begin.String(), tooLong()}
		}
		d.document = append(d.document, c)
		d.advance(c)
		if o.take(c, len(d.document)) {
			d.keys = append(d.keys, o.key(d.document))
		}
	}
	return d.document, d.keys, begin, nil
}

// skipSpace returns the first byte that is none of white space, without reading it.
func (d *documents) skipSpace() (byte, error) {
	for {
		c, err := d.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, d.in.UnreadByte()
		}
		d.advance(c)
	}
}

func (d *documents) advance(c byte) {
	d.column++
	if c == '\n' {
		d.line, d.column = d.line+1, 1
	}
}

func notAnObject(first byte) error {
	if first == '[' {
		return hinted.New(errors.New("this is a list: want one document after the other"), "take it apart: jq -c '.[]' FILE | otlpctl send --file -")
	}
	return hinted.New(fmt.Errorf("want an object of JSON, not %q", first),
		"what can be sent is recorded telemetry: OTLP/JSON, one document after the other, or protobuf, one request or several behind their lengths")
}

func tooLong() error {
	return hinted.New(fmt.Errorf("the document is longer than %d MiB", maxRecord>>20),
		"take it apart, for traces: jq -c '.resourceSpans[] | {resourceSpans: [.]}' FILE | otlpctl send --file -")
}

// outline follows the brackets and quotes of an object.
type outline struct {
	depth    int
	quoted   bool
	escaped  bool
	keyNext  bool // a string is a key of the outermost object
	from, to int  // of that key
	done     bool
}

// take takes the next byte, behind which are so many, and reports whether a key of the outermost object ends with it.
func (o *outline) take(c byte, length int) (key bool) {
	if o.quoted {
		switch {
		case o.escaped:
			o.escaped = false
		case c == '\\':
			o.escaped = true
		case c == '"':
			o.quoted = false
			key, o.keyNext, o.to = o.keyNext && o.depth == 1, false, length-1
		}
		return key
	}
	switch c {
	case '"':
		o.quoted, o.from = true, length
	case '{', '[':
		o.depth++
		o.keyNext = o.depth == 1
	case '}', ']':
		o.depth--
		o.done = o.depth == 0
	case ',':
		o.keyNext = o.depth == 1
	}
	return false
}

// key returns the key that has just ended. Escapes stay: no key that matters has any.
func (o *outline) key(document []byte) string { return string(document[o.from:o.to]) }

// keysOf returns the keys of the first object in a text.
func keysOf(text []byte) []string {
	d := documents{in: bufio.NewReader(bytes.NewReader(text))}
	_, keys, _, err := d.next()
	if err != nil {
		return nil
	}
	return keys
}
