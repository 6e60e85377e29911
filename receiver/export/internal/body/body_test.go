package body

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// rig makes batches whose parts are words, plain or as a gzip member or both.
type rig struct {
	t    *testing.T
	pool *buftest.Pool
}

func (r rig) plain(text string) pipeline.Part {
	return pipeline.Part{Data: r.pool.Buffer([]byte(text))}
}

func (r rig) both(text string) pipeline.Part {
	return pipeline.Part{Data: r.pool.Buffer([]byte(text)), Gzip: r.member(text).Gzip}
}

func (r rig) member(text string) pipeline.Part {
	r.t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		r.t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		r.t.Fatal(err)
	}
	return pipeline.Part{Gzip: r.pool.Buffer(b.Bytes())}
}

// encode returns the body of a batch of parts, as text and by its gzip members.
func (r rig) encode(a compression.Algorithm, parts ...pipeline.Part) (text string, members []string, first mem.Buffer) {
	r.t.Helper()
	e, err := NewEncoder(a, compression.Fast, r.pool)
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := e.Encode(&pipeline.Batch{Signal: wire.Logs, Items: 1, Parts: parts})
	if err != nil {
		r.t.Fatal(err)
	}
	encoded := out.Materialize()
	if len(out) > 0 {
		first = out[0]
	}
	out.Free()
	for _, p := range parts {
		if p.Data != nil {
			p.Data.Free()
		}
		if p.Gzip != nil {
			p.Gzip.Free()
		}
	}
	u := compression.Unpacker{Limit: 1 << 20}
	all, err := u.Unpack(a, bytes.NewReader(encoded))
	if err != nil {
		r.t.Fatal(err)
	}
	if a == compression.Gzip {
		members = split(r.t, encoded)
	}
	return string(all), members, first
}

// split returns what each gzip member holds.
func split(t *testing.T, b []byte) (members []string) {
	t.Helper()
	r := bytes.NewReader(b)
	z, err := gzip.NewReader(r)
	for ; err == nil; err = z.Reset(r) {
		z.Multistream(false)
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, string(text))
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return members
}

func TestEncode(t *testing.T) {
	r := rig{t, new(buftest.Pool)}
	f := func(a compression.Algorithm, want string, wantMembers []string, parts ...pipeline.Part) {
		t.Helper()
		text, members, _ := r.encode(a, parts...)
		if text != want || len(members) != len(wantMembers) {
			t.Errorf("%s: %q in %q", a, text, members)
		}
		for i := range members {
			if members[i] != wantMembers[i] {
				t.Errorf("%s: member %d is %q", a, i, members[i])
			}
		}
	}
	f(compression.None, "one two ", nil, r.plain("one "), r.plain("two "))
	f(compression.Zstd, "one two ", nil, r.plain("one "), r.plain("two "))
	f(compression.Gzip, "one two ", []string{"one two "}, r.plain("one "), r.plain("two "))
	f(compression.Gzip, "one ", []string{"one "}, r.both("one "))
	f(compression.Gzip, "one two ", []string{"one ", "two "}, r.member("one "), r.member("two "))
	f(compression.Gzip, "a b c d e ", []string{"a b ", "c ", "d ", "e "}, r.plain("a "), r.plain("b "), r.member("c "), r.member("d "), r.plain("e "))
	r.pool.AllFreed(t)
}

// A member that can be sent as it is costs neither compressing nor copying.
func TestEncodeSharesBuffers(t *testing.T) {
	r := rig{t, new(buftest.Pool)}
	f := func(a compression.Algorithm, p pipeline.Part, want mem.Buffer) {
		t.Helper()
		if _, _, got := r.encode(a, p); got != want {
			t.Errorf("%s: the body has a buffer of its own", a)
		}
	}
	p := r.both("one ")
	f(compression.Gzip, p, p.Gzip)
	p = r.plain("one ")
	f(compression.None, p, p.Data)
	r.pool.AllFreed(t)
}

func TestEncodeRefusesWhatItCannotRead(t *testing.T) {
	pool := new(buftest.Pool)
	r := rig{t, pool}
	for _, a := range []compression.Algorithm{compression.None, compression.Zstd} {
		e, err := NewEncoder(a, compression.Fast, pool)
		if err != nil {
			t.Fatal(err)
		}
		p := r.member("one ")
		if _, err := e.Encode(&pipeline.Batch{Parts: []pipeline.Part{p}}); err == nil {
			t.Errorf("%s: took a member for data", a)
		}
		p.Gzip.Free()
	}
	pool.AllFreed(t)
}

func TestNewEncoderChecksTheLevel(t *testing.T) {
	if _, err := NewEncoder(compression.Gzip, 12, mem.NopBufferPool{}); err == nil {
		t.Error("level 12 is fine for gzip")
	}
}
