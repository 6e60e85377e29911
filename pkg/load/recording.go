package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// maxRecord is how many bytes of a recording are held at a time at most: the longest document or record that is read.
const maxRecord = 128 << 20

// Record is one recorded request.
type Record struct {
	Signal wire.Signal
	// Request is encoded, and valid until the next record is asked for.
	Request []byte
	// Items is how many items it holds, not all of which need be valid.
	Items int
	// Place says where it stands: "line 3", "record 2".
	Place string
}

// RecordError says where a recording is wrong, and how.
type RecordError struct {
	// Place is a line with its column, or the number of a record.
	Place string
	Err   error
}

func (e *RecordError) Error() string { return e.Place + ": " + e.Err.Error() }

// Unwrap returns what is wrong there.
func (e *RecordError) Unwrap() error { return e.Err }

// ErrUnrecognized is about protobuf that does not show of which signal it is.
var ErrUnrecognized = errors.New("this protobuf does not show of which signal it is")

// Read returns the requests in a recording, which may be larger than memory, up to the first error:
//
//   - OTLP/JSON, one document after the other, as the file exporter writes it, a line each. A document with several
//     signals is a request for each of them.
//   - An encoded request and nothing else.
//   - Requests behind their length, four bytes big-endian, in either encoding, and compressed with zstd or not, as the
//     file exporter writes them, too.
//
// Protobuf does not say of which signal it is. It is the one among signals whose messages it has: valid, with items.
func Read(from io.Reader, signals []wire.Signal) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := bufio.NewReaderSize(from, 64<<10)
		form, err := formOf(in)
		if err == nil {
			err = form(&reader{in: in, signals: signals, yield: yield})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(Record{}, err)
		}
	}
}

// errEnough ends the reading for who wants no more.
var errEnough = errors.New("enough")

// reader is the state of one Read.
type reader struct {
	in      *bufio.Reader
	signals []wire.Signal
	yield   func(Record, error) bool

	encoded []byte // a request that was JSON
	unpack  unpacker
}

// give passes a record on, unless there is nothing in it.
func (r *reader) give(record Record) error {
	if record.Items > 0 && !r.yield(record, nil) {
		return errEnough
	}
	return nil
}

// looked is how much of a recording is looked at to know its form, in bytes.
const looked = 512

// formOf looks at the beginning of a recording, and returns what reads it.
func formOf(in *bufio.Reader) (func(*reader) error, error) {
	head, err := in.Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case len(head) == 0:
		return func(*reader) error { return nil }, nil
	case bytes.HasPrefix(head, byteOrderMark()):
		_, err := in.Discard(len(byteOrderMark()))
		return (*reader).documents, err
	case isText(head):
		return (*reader).documents, nil
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, hinted.New(errors.New("this is compressed with gzip"), "unpack it on the way: gunzip -c FILE | otlpctl send --file -")
	case bytes.HasPrefix(head, zstdMagic()):
		return nil, hinted.New(errors.New("this is compressed with zstd as a whole"), "unpack it on the way: zstd -dc FILE | otlpctl send --file -")
	case head[0] == requestTag:
		return (*reader).request, nil
	case len(head) > lengthBytes && lengthOf(head) <= maxRecord:
		return (*reader).records, nil
	}
	return nil, fmt.Errorf("this is neither OTLP/JSON nor encoded OTLP")
}

// requestTag is the first byte of every encoded request that is not empty: resource_spans = 1 and its like.
const requestTag = 1<<3 | byte(wire.TypeBytes)

// byteOrderMark is what some editors begin a text with.
func byteOrderMark() []byte { return []byte("\xef\xbb\xbf") }

// isText reports whether a recording may be JSON: it has no control characters, which protobuf is full of.
func isText(head []byte) bool {
	return !bytes.ContainsFunc(head, func(c rune) bool {
		return c < ' ' && c != '\n' && c != '\r' && c != '\t'
	})
}

// request reads a recording that is one encoded request.
func (r *reader) request() error {
	request, err := io.ReadAll(io.LimitReader(r.in, maxRecord+1))
	if err != nil {
		return err
	}
	if len(request) > maxRecord {
		return fmt.Errorf("the request is longer than %d MiB", maxRecord>>20)
	}
	return r.protobuf(request, "the request")
}

// protobuf gives an encoded request.
func (r *reader) protobuf(request []byte, place string) error {
	if len(request) == 0 {
		return nil
	}
	sig, items, err := recognize(request, r.signals)
	if err != nil {
		return &RecordError{place, err}
	}
	return r.give(Record{Signal: sig, Request: request, Items: items, Place: place})
}

// recognize returns the signal of an encoded request, and how many items it holds.
func recognize(request []byte, signals []wire.Signal) (sig wire.Signal, items int, err error) {
	fits := 0
	for _, candidate := range signals {
		found, bad := wire.Scan(candidate, request)
		if bad == nil && (len(signals) == 1 || found.Items > 0 && found.Invalid == 0) {
			fits++
			sig, items = candidate, found.Items+found.Invalid
		}
		err = bad
	}
	switch {
	case fits == 1:
		return sig, items, nil
	case len(signals) == 1:
		return sig, 0, err
	}
	return sig, 0, ErrUnrecognized
}
