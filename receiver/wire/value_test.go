package wire

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// told is what Values tells of a message.
func told(b []byte) string {
	var all []string
	for number, v := range Values(b) {
		all = append(all, fmt.Sprintf("%d:%d=%d %x", number, v.Type, v.Bits, v.Data))
	}
	return strings.Join(all, ", ")
}

func TestValues(t *testing.T) {
	f := func(want string, b ...byte) {
		t.Helper()
		if got := told(b); got != want {
			t.Errorf("%x: %s, want %s", b, got, want)
		}
	}
	f("")
	f("1:0=5 , 15:0=300 ", 0x08, 5, 0x78, 0xac, 0x02)
	f("16:0=7 ", 0x80, 0x01, 7)
	f("1:0=5 ", 0x88, 0x80, 0x00, 5) // a padded tag
	f("1:2=0 , 2:2=0 ff, 3:0=1 ", 0x0a, 0, 0x12, 1, 0xff, 0x18, 1)
	f("1:2=0 07", 0x0a, 0x81, 0x00, 7) // a padded length
	f("1:1=1 , 2:5=2 ", 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0x15, 2, 0, 0, 0)
	f("4:3=0 , 1:0=1 ", 0x23, 0x08, 9, 0x24, 0x08, 1)
	// Malformed messages end early.
	f("1:0=5 ", 0x08, 5, 0x0a, 2, 1)
	f("", 0x0a)
	f("", 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)
	f("", 0x08)
	f("", 0x09, 1, 2, 3)
	f("", 0x15, 1)
	f("", 0x00, 1)
	f("", 0x24)
	f("", 0x0f, 1)
	long := msg(1, bytes.Repeat([]byte{1}, 200))
	f("1:2=0 "+strings.Repeat("01", 200), long...)
}

func TestNumbers(t *testing.T) {
	f := func(v Value, typ Type, want ...uint64) {
		t.Helper()
		if got := slices.Collect(v.Numbers(typ)); !slices.Equal(got, want) {
			t.Errorf("%v: %d, want %d", v, got, want)
		}
	}
	packed := func(b ...byte) Value { return Value{Type: TypeBytes, Data: b} }
	f(Value{Type: TypeVarint, Bits: 7}, TypeVarint, 7)
	f(Value{Type: TypeFixed64, Bits: 7}, TypeFixed64, 7)
	f(packed(), TypeVarint)
	f(packed(1, 0xac, 0x02), TypeVarint, 1, 300)
	f(packed(1, 0, 0, 0, 2, 0, 0, 0), TypeFixed32, 1, 2)
	f(packed(1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0), TypeFixed64, 1, 2)
	f(packed(1, 0x80), TypeVarint, 1)
	f(packed(1, 0, 0, 0, 2), TypeFixed32, 1)
	f(packed(1), TypeFixed64)
	for range packed(1, 2, 3).Numbers(TypeVarint) {
		break
	}
	if v := (Value{Bits: math.Float64bits(-0.5)}).Double(); v != -0.5 {
		t.Error(v)
	}
}

func TestAppendWithout(t *testing.T) {
	group := []byte{0x23, 0x08, 9, 0x24}
	b := slices.Concat(msg(1, []byte("a")), group, msg(2), msg(1))
	if got, want := AppendWithout([]byte("> "), b, 1, 3), slices.Concat([]byte("> "), group, msg(2)); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
