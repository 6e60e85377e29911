package differential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/pdata"
	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// What pdata writes as OTLP/JSON, AppendWire reads with the meaning that pdata's own protobuf has.
func TestReadsWhatPdataWrites(t *testing.T) {
	eachRequest(t, func(t *testing.T, sig signal.Signal, r pdata.Request, _ uint64) {
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := r.MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		wantMeaning(t, sig, text, encoded)
	})
}

// The same document in other words keeps its meaning. (pdata itself stumbles over escapes within identifiers.)
func TestReadsVariantsOfWhatPdataWrites(t *testing.T) {
	eachRequest(t, func(t *testing.T, sig signal.Signal, r pdata.Request, seed uint64) {
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := r.MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		wantMeaning(t, sig, vary(t, text, seed), encoded)
	})
}

// What AppendJSON writes, pdata reads with the same meaning.
func TestWritesWhatPdataReads(t *testing.T) {
	eachRequest(t, func(t *testing.T, sig signal.Signal, r pdata.Request, _ uint64) {
		encoded, err := r.MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		text, err := otlpjson.AppendJSON(nil, own(sig), encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		theirs := pdata.NewRequest(sig)
		if err := theirs.UnmarshalJSON(text); err != nil {
			t.Fatalf("pdata: %v\n%s", err, text)
		}
		again, err := theirs.MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, sig, again, encoded, text)
	})
}

// eachRequest runs f for many random requests that have been through pdata, so that they hold only what pdata knows.
func eachRequest(t *testing.T, f func(t *testing.T, sig signal.Signal, r pdata.Request, seed uint64)) {
	for _, sig := range signal.All() {
		for seed := range uint64(seeds) {
			t.Run(fmt.Sprintf("%s/%d", sig, seed), func(t *testing.T) {
				r := pdata.NewRequest(sig)
				if err := r.UnmarshalProto(mustMarshal(t, random.Request(sig, seed))); err != nil {
					t.Fatal(err)
				}
				f(t, sig, r, seed)
			})
		}
	}
}

func wantMeaning(t *testing.T, sig signal.Signal, text, encoded []byte) {
	t.Helper()
	got, err := otlpjson.AppendWire(nil, own(sig), text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	wantEqual(t, sig, got, encoded, text)
}

func wantEqual(t *testing.T, sig signal.Signal, got, want, text []byte) {
	t.Helper()
	g, err := decode(sig, got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := decode(sig, want)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(g, w) {
		t.Errorf("not the same\n got %v\nwant %v\ntext %s", g, w, text)
	}
}

// vary rewrites a document without changing what it says: order of keys, white space, unknown keys, case of hex
// digits, escapes, and 64-bit numbers with or without quotes.
func vary(t *testing.T, text []byte, seed uint64) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		t.Fatal(err)
	}
	v := variation{Rand: rand.New(rand.NewPCG(seed, 7))}
	v.value("", document)
	return v.out.Bytes()
}

type variation struct {
	*rand.Rand
	out bytes.Buffer
}

func (v *variation) value(key string, value any) {
	v.space()
	switch value := value.(type) {
	case map[string]any:
		v.object(value)
	case []any:
		v.out.WriteByte('[')
		for i, element := range value {
			if i > 0 {
				v.out.WriteByte(',')
			}
			v.value(key, element)
		}
		v.out.WriteByte(']')
	case string:
		v.text(key, value)
	case json.Number:
		v.out.WriteString(value.String())
	case bool:
		fmt.Fprint(&v.out, value)
	case nil:
		v.out.WriteString("null")
	}
	v.space()
}

func (v *variation) object(members map[string]any) {
	keys := slices.Sorted(maps.Keys(members))
	v.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	v.out.WriteByte('{')
	if v.IntN(6) == 0 {
		v.out.WriteString(`"unknownToAll":{"a":[1,"}",{"b":null}],"c":-1.5e3}`)
		if len(keys) > 0 {
			v.out.WriteByte(',')
		}
	}
	for i, key := range keys {
		if i > 0 {
			v.out.WriteByte(',')
		}
		v.space()
		v.quote(key)
		v.space()
		v.out.WriteByte(':')
		v.value(key, members[key])
	}
	v.out.WriteByte('}')
}

// text writes a string. Which strings stand for something else is known by their keys.
func (v *variation) text(key, s string) {
	switch {
	case (key == "traceId" || key == "spanId" || key == "parentSpanId") && v.IntN(2) == 0:
		s = strings.ToUpper(s)
	case strings.HasSuffix(key, "UnixNano") || key == "intValue" || key == "asInt" || key == "count" || key == "bucketCounts":
		if v.IntN(2) == 0 {
			v.out.WriteString(s)
			return
		}
	}
	v.quote(s)
}

func (v *variation) quote(s string) {
	v.out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r < 0x20 || v.IntN(8) == 0:
			v.escape(r)
		default:
			v.out.WriteRune(r)
		}
	}
	v.out.WriteByte('"')
}

func (v *variation) escape(r rune) {
	if r < 0x10000 {
		fmt.Fprintf(&v.out, `\u%04x`, r)
		return
	}
	r -= 0x10000
	fmt.Fprintf(&v.out, `\u%04X\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
}

func (v *variation) space() {
	if v.IntN(5) == 0 {
		v.out.WriteString([]string{" ", "\n", "\t", "\r\n  "}[v.IntN(4)])
	}
}
