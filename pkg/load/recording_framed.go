package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// lengthBytes is the size of the length before a record.
const lengthBytes = 4

// lengthOf returns the length that a record begins with.
func lengthOf(head []byte) int64 { return int64(binary.BigEndian.Uint32(head)) }

// records reads a recording of requests behind their length.
func (r *reader) records() error {
	var record bytes.Buffer
	for n := 1; ; n++ {
		place := fmt.Sprintf("record %d", n)
		err := r.record(&record)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return &RecordError{place, err}
		}
		if err := r.content(record.Bytes(), place); err != nil {
			return err
		}
	}
}

// record reads the next record, or returns io.EOF if there is none.
func (r *reader) record(into *bytes.Buffer) error {
	var head [lengthBytes]byte
	n, err := io.ReadFull(r.in, head[:])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the recording ends within the length of the record, of which it has %d of %d bytes", n, lengthBytes)
	}
	if err != nil {
		return err
	}
	length := lengthOf(head[:])
	if length > maxRecord {
		return fmt.Errorf("by its length, the record has %d bytes, more than the %d MiB that are read at a time", length, maxRecord>>20)
	}
	into.Reset()
	got, err := io.CopyN(into, r.in, length) // grows with what is there, whatever the length says
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the recording ends within the record, of which it has %d of %d bytes", got, length)
	}
	return err
}

// content gives what is in a record.
func (r *reader) content(content []byte, place string) error {
	if bytes.HasPrefix(content, zstdMagic()) {
		var err error
		if content, err = r.unpack.zstd(content); err != nil {
			return &RecordError{place, err}
		}
	}
	if isText(content[:min(len(content), looked)]) && bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		return r.document(content, keysOf(content), start{place: place})
	}
	return r.protobuf(content, place)
}

// zstdMagic is what compressed data begins with (RFC 8878, 3.1.1).
func zstdMagic() []byte { return []byte("\x28\xb5\x2f\xfd") }

// unpacker decompresses records. The zero value is ready.
type unpacker struct {
	decoder *zstd.Decoder
	content []byte
}

// zstd returns what is in a compressed record. It is valid until the next call.
func (u *unpacker) zstd(record []byte) (_ []byte, err error) {
	if u.decoder == nil {
		if u.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRecord)); err != nil {
			return nil, err
		}
	}
	u.content, err = u.decoder.DecodeAll(record, u.content[:0])
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return u.content, nil
}
