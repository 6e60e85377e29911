package differential

import (
	"math/rand/v2"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/e2e/harness/pdata"
	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const seeds = 400

// Every well-formed request passes, whole, with pdata's count.
func TestScanAcceptsWhatPdataAccepts(t *testing.T) {
	for _, sig := range signal.All() {
		for seed := range uint64(seeds) {
			encoded := mustMarshal(t, random.Request(sig, seed))
			r := pdata.NewRequest(sig)
			if err := r.UnmarshalProto(encoded); err != nil {
				t.Fatalf("%s, seed %d: pdata: %v", sig, seed, err)
			}
			report, err := wire.Scan(own(sig), encoded)
			if err != nil {
				t.Fatalf("%s, seed %d: %v", sig, seed, err)
			}
			if report.Items != pdata.Items(r) || !report.Clean() {
				t.Errorf("%s, seed %d: %+v, pdata has %d items", sig, seed, report, pdata.Items(r))
			}
		}
	}
}

// What Scan lets through, once cleaned, never stops pdata: one client's poison must not spoil a batch.
func TestNothingThatPassesIsPoison(t *testing.T) {
	accepted := 0
	for _, sig := range signal.All() {
		for seed := range uint64(4 * seeds) {
			encoded := mustMarshal(t, random.Request(sig, seed))
			if passes(t, sig, mutate(encoded, seed)) {
				accepted++
			}
		}
	}
	if accepted < seeds {
		t.Errorf("only %d mutants passed: the test proves little", accepted)
	}
}

func FuzzNothingThatPassesIsPoison(f *testing.F) {
	for _, sig := range signal.All() {
		for seed := range uint64(8) {
			f.Add(int(sig), mustMarshal(f, random.Request(sig, seed)))
		}
	}
	f.Fuzz(func(t *testing.T, sig int, b []byte) {
		passes(t, signal.All()[uint(sig)%3], b)
	})
}

// passes reports whether Scan accepts b, and fails the test when pdata then does not accept what is forwarded.
func passes(t *testing.T, sig signal.Signal, b []byte) bool {
	t.Helper()
	report, err := wire.Scan(own(sig), b)
	if err != nil {
		return false
	}
	clean := wire.Clean(nil, own(sig), b, &report)
	r := pdata.NewRequest(sig)
	if err := r.UnmarshalProto(clean); err != nil {
		if hasGroup(t, sig, clean) {
			return true // pdata cannot skip groups in unknown fields; the official decoders can
		}
		t.Errorf("%s: pdata refuses what Scan accepted: %v\n%x", sig, err, clean)
	} else if pdata.Items(r) != report.Items {
		t.Errorf("%s: %d items, pdata counts %d\n%x", sig, report.Items, pdata.Items(r), clean)
	}
	return true
}

// hasGroup reports whether an unknown field anywhere in a request is a group, protobuf's old form of a message.
func hasGroup(t *testing.T, sig signal.Signal, b []byte) bool {
	t.Helper()
	m, err := decode(sig, b)
	if err != nil {
		t.Error(err)
		return false
	}
	found := false
	err = protorange.Range(m.ProtoReflect(), func(p protopath.Values) error {
		if m, ok := p.Index(-1).Value.Interface().(protoreflect.Message); ok {
			for unknown := m.GetUnknown(); len(unknown) > 0; {
				_, kind, n := protowire.ConsumeField(unknown)
				found = found || kind == protowire.StartGroupType
				unknown = unknown[n:]
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// The pieces of a split request hold the same items, in pdata's eyes as well, and each is a request of its own.
func TestSplitKeepsEverything(t *testing.T) {
	for _, sig := range signal.All() {
		for seed := range uint64(seeds) {
			encoded := mustMarshal(t, random.Request(sig, seed))
			total := 0
			err := wire.Split(own(sig), encoded, wire.Limit{Items: 1 + int(seed%5)}, func(piece []byte, n int) error {
				r := pdata.NewRequest(sig)
				if err := r.UnmarshalProto(piece); err != nil {
					return err
				}
				if pdata.Items(r) != n {
					t.Errorf("%s, seed %d: a piece of %d items, pdata counts %d", sig, seed, n, pdata.Items(r))
				}
				total += n
				return nil
			})
			if want := signal.Items(random.Request(sig, seed)); err != nil || total != want {
				t.Errorf("%s, seed %d: %d items in the pieces, %v, want %d", sig, seed, total, err, want)
			}
		}
	}
}

// Concatenation is merging: the foundation of the data path, in the words of another implementation.
func TestConcatenationMerges(t *testing.T) {
	for _, sig := range signal.All() {
		a, b := random.Request(sig, 1), random.Request(sig, 2)
		merged := pdata.NewRequest(sig)
		if err := merged.UnmarshalProto(append(mustMarshal(t, a), mustMarshal(t, b)...)); err != nil {
			t.Fatal(err)
		}
		if got, want := pdata.Items(merged), signal.Items(a)+signal.Items(b); got != want {
			t.Errorf("%s: %d items in the merged request, want %d", sig, got, want)
		}
	}
}

// mutate changes a few bytes, or inserts or removes a few, where it hurts most: anywhere.
func mutate(b []byte, seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 99))
	out := append([]byte(nil), b...)
	for range 1 + rnd.IntN(3) {
		if len(out) == 0 {
			return out
		}
		at := rnd.IntN(len(out))
		switch rnd.IntN(5) {
		case 0:
			out[at] ^= 1 << rnd.IntN(8)
		case 1:
			out[at] = byte(rnd.Uint32())
		case 2:
			out = append(out[:at], out[at+1:]...)
		case 3:
			out = append(out[:at:at], append([]byte{byte(rnd.Uint32())}, out[at:]...)...)
		case 4: // an unknown field at the top, with any wire type
			out = protowire.AppendTag(out, protowire.Number(100+rnd.IntN(1000)), protowire.VarintType)
			out = protowire.AppendVarint(out, rnd.Uint64())
		}
	}
	return out
}

func mustMarshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
