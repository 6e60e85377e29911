package compression

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

func TestParse(t *testing.T) {
	f := func(name string, want Algorithm, problem string) {
		t.Helper()
		got, err := Parse(name)
		if got != want || (err == nil) != (problem == "") || err != nil && err.Error() != problem {
			t.Errorf("%q: %s, %v", name, got, err)
		}
	}
	f("", None, "")
	f("none", None, "")
	f("gzip", Gzip, "")
	f("zstd", Zstd, "")
	f("snappy", None, `"snappy" is not supported: use gzip, zstd or none`)
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return b
}

func TestPackAndUnpack(t *testing.T) {
	pool := new(buftest.Pool)
	f := func(a Algorithm, level int, parts ...[]byte) {
		t.Helper()
		p, err := NewPacker(a, level)
		if err != nil {
			t.Fatal(err)
		}
		var in mem.BufferSlice
		for _, part := range parts {
			in = append(in, mem.SliceBuffer(part))
		}
		before := mem.BufferSlice{mem.SliceBuffer("before")}
		out, err := p.Append(before, pool, in...)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Join(parts, nil)
		u := Unpacker{Limit: len(want)}
		got, err := u.Unpack(a, out[1:].Reader())
		if err != nil || !bytes.Equal(got, want) || string(out[0].ReadOnlyData()) != "before" {
			t.Errorf("%s level %d: %d bytes became %d, %v", a, level, len(want), len(got), err)
		}
		out[1:].Free()
	}
	traces := otlptest.Encode(otlptest.Traces(100))
	for _, a := range []Algorithm{Gzip, Zstd} {
		f(a, Fast)
		f(a, Fast, []byte("x"))
		f(a, Fast, traces, traces[:1000], nil, traces)
		f(a, Balanced, traces)
		f(a, 9, traces)
		f(a, Fast, noise(300_000), traces)
	}
	f(Gzip, HuffmanOnly, traces)
	pool.AllFreed(t)
}

// A single member that the standard library reads to the end.
func TestPackMakesOneGzipMember(t *testing.T) {
	p, err := NewPacker(Gzip, Fast)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Append(nil, mem.NopBufferPool{}, mem.SliceBuffer("one "), mem.SliceBuffer("two"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := stdgzip.NewReader(bytes.NewReader(out.Materialize()))
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	if got, err := io.ReadAll(z); err != nil || string(got) != "one two" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestLevels(t *testing.T) {
	f := func(a Algorithm, level int, valid bool) {
		t.Helper()
		if _, err := NewPacker(a, level); (err == nil) != valid {
			t.Errorf("%s level %d: %v", a, level, err)
		}
	}
	f(None, Fast, false)
	f(Gzip, -2, true)
	f(Gzip, 9, true)
	f(Gzip, 10, false)
	f(Gzip, -3, false)
	f(Zstd, 22, true)
	f(Zstd, -2, false)
}

func TestUnpackIsBounded(t *testing.T) {
	bomb := make([]byte, 1<<20)
	f := func(a Algorithm, limit int, want error) {
		t.Helper()
		packed := bomb
		if a != None {
			p, err := NewPacker(a, Fast)
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Append(nil, mem.NopBufferPool{}, mem.SliceBuffer(bomb))
			if err != nil {
				t.Fatal(err)
			}
			packed = out.Materialize()
		}
		u := Unpacker{Limit: limit}
		for range 2 { // the second time with a used decoder
			if got, err := u.Unpack(a, bytes.NewReader(packed)); !errors.Is(err, want) || want == nil && len(got) != len(bomb) {
				t.Errorf("%s, limit %d: %d bytes, %v", a, limit, len(got), err)
			}
		}
	}
	for _, a := range []Algorithm{None, Gzip, Zstd} {
		f(a, len(bomb), nil)
		f(a, len(bomb)-1, ErrTooLarge)
		f(a, 0, ErrTooLarge)
	}
}

func TestUnpackReadsAllMembers(t *testing.T) {
	p, err := NewPacker(Gzip, Fast)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Append(nil, mem.NopBufferPool{}, mem.SliceBuffer("one "))
	if err != nil {
		t.Fatal(err)
	}
	if out, err = p.Append(out, mem.NopBufferPool{}, mem.SliceBuffer("two")); err != nil {
		t.Fatal(err)
	}
	u := Unpacker{Limit: 100}
	if got, err := u.Unpack(Gzip, bytes.NewReader(out.Materialize())); err != nil || string(got) != "one two" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestUnpackNamesWhatIsWrong(t *testing.T) {
	u := Unpacker{Limit: 100}
	f := func(a Algorithm, data, want string) {
		t.Helper()
		if _, err := u.Unpack(a, strings.NewReader(data)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s of %q: %v", a, data, err)
		}
	}
	f(Gzip, "", "gzip: unexpected EOF")
	f(Gzip, "plain text", "gzip: ")
	f(Gzip, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01", "gzip: ")
	f(Zstd, "plain text", "zstd: ")
	f(Zstd, "\x28\xb5\x2f\xfd\x24", "zstd: ")
}

// Encoders and decoders are shared between goroutines, but never used by two at a time.
func TestConcurrentUse(t *testing.T) {
	data := otlptest.Encode(otlptest.Logs(50))
	u := Unpacker{Limit: len(data)}
	pool := new(buftest.Pool)
	for _, a := range []Algorithm{Gzip, Zstd} {
		p, err := NewPacker(a, Fast)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 20 {
					out, err := p.Append(nil, pool, mem.SliceBuffer(data))
					if err != nil {
						t.Error(err)
						return
					}
					got, err := u.Unpack(a, out.Reader())
					if err != nil || !bytes.Equal(got, data) {
						t.Errorf("%s: %d bytes, %v", a, len(got), err)
					}
					out.Free()
				}
			})
		}
		all.Wait()
	}
	pool.AllFreed(t)
}

func BenchmarkPack(b *testing.B) {
	data := otlptest.Encode(otlptest.Traces(100))
	for _, a := range []Algorithm{Gzip, Zstd} {
		b.Run(a.String(), func(b *testing.B) {
			p, err := NewPacker(a, Fast)
			if err != nil {
				b.Fatal(err)
			}
			pool := mem.DefaultBufferPool()
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				out, err := p.Append(nil, pool, mem.SliceBuffer(data))
				if err != nil {
					b.Fatal(err)
				}
				out.Free()
			}
		})
	}
}
