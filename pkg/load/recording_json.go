package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// start is where a document begins.
type start struct {
	place        string // of a record; empty in a text
	line, column int    // from 1 on
}

// at returns the place of an offset in the document.
func (s start) at(document []byte, offset int) string {
	if s.place != "" {
		return s.place
	}
	before := document[:min(offset, len(document))]
	line, column := s.line+bytes.Count(before, []byte("\n")), s.column+utf8.RuneCount(before)
	if last := bytes.LastIndexByte(before, '\n'); last >= 0 {
		column = 1 + utf8.RuneCount(before[last+1:])
	}
	return fmt.Sprintf("line %d, column %d", line, column)
}

func (s start) String() string {
	if s.place != "" {
		return s.place
	}
	return fmt.Sprintf("line %d", s.line)
}

// documents reads a recording of JSON.
func (r *reader) documents() error {
	text := documents{in: r.in, line: 1, column: 1}
	for {
		document, keys, begin, err := text.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := r.document(document, keys, begin); err != nil {
			return err
		}
	}
}

// document gives what is in a document with these keys.
func (r *reader) document(document []byte, keys []string, begin start) error {
	signals, err := signalsIn(keys)
	if err != nil {
		return &RecordError{begin.String(), err}
	}
	for _, sig := range signals {
		if r.encoded, err = otlpjson.AppendWire(r.encoded[:0], sig, document); err != nil {
			return misread(document, begin, err)
		}
		found, err := wire.Count(sig, r.encoded)
		if err != nil {
			return &RecordError{begin.String(), err}
		}
		if err := r.give(Record{Signal: sig, Request: r.encoded, Items: found.Items + found.Invalid, Place: begin.String()}); err != nil {
			return err
		}
	}
	return nil
}

// misread places what is wrong with a document.
func misread(document []byte, begin start, err error) error {
	bad, ok := errors.AsType[*otlpjson.SyntaxError](err)
	if !ok {
		return &RecordError{begin.String(), err}
	}
	err = errors.New(bad.Problem)
	if bad.Path != "" {
		err = errors.New(bad.Path + ": " + bad.Problem)
	}
	return &RecordError{begin.at(document, bad.Offset), err}
}

// signalsIn returns the signals that a document with these keys has.
func signalsIn(keys []string) ([]wire.Signal, error) {
	var found []wire.Signal
	for _, sig := range Signals() {
		if slices.Contains(keys, requestKey(sig)) {
			found = append(found, sig)
		}
	}
	if len(found) > 0 || len(keys) == 0 {
		return found, nil
	}
	err := fmt.Errorf("the document has none of resourceSpans, resourceMetrics and resourceLogs, but %s", listed(keys))
	switch {
	case slices.Contains(keys, requestKey(wire.Profiles)):
		return nil, errors.New("profiles are not sent")
	case slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "resource_") }):
		err = hinted.New(err, "names in OTLP/JSON are in lowerCamelCase")
	}
	return nil, err
}

// requestKey is the key of a request in JSON.
func requestKey(sig wire.Signal) string { return sig.Request().Fields()[0].Name }

// listed names the first keys of a document.
func listed(keys []string) string {
	const most = 5
	var quoted []string
	for _, key := range keys[:min(len(keys), most)] {
		quoted = append(quoted, fmt.Sprintf("%.40q", key))
	}
	if len(keys) > most {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}
