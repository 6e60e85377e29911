package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// stream is a Stream in memory.
type stream struct {
	bytes.Buffer
	terminal bool
}

func (s *stream) IsTerminal() bool { return s.terminal }

type result struct {
	Name  string `json:"name"`
	Count int    `json:"item_count"`
}

func fill(r *Rows) {
	r.Header("NAME", "ITEMS")
	r.Add("gate→way", "3")
	r.Add("a", "12")
}

func TestWrite(t *testing.T) {
	f := func(format Format, terminal bool, want string) {
		t.Helper()
		s := &stream{terminal: terminal}
		if err := format.Write(s, result{Name: "<a & b>", Count: 3}, fill); err != nil {
			t.Fatal(err)
		}
		if got := s.String(); got != want {
			t.Errorf("%s, terminal %v:\n%s\nwant\n%s", format.String(), terminal, got, want)
		}
	}
	for _, terminal := range []bool{true, false} {
		f(JSON, terminal, "{\n  \"name\": \"<a & b>\",\n  \"item_count\": 3\n}\n")
		f(YAML, terminal, "item_count: 3\nname: <a & b>\n")
	}
	f(Table, true, "NAME      ITEMS\ngate→way  3\na         12\n")
	f(Table, false, "gate→way\t3\na\t12\n")
}

func TestRowsOfUnequalLength(t *testing.T) {
	s := &stream{terminal: true}
	table := Table
	err := table.Write(s, nil, func(r *Rows) {
		r.Add("version", "1")
		r.Add("commit", "abc", "modified")
	})
	if want := "version  1\ncommit   abc  modified\n"; err != nil || s.String() != want {
		t.Errorf("got %q, %v, want %q", s.String(), err, want)
	}
}

func TestCellsStayCells(t *testing.T) {
	s := new(stream)
	table := Table
	err := table.Write(s, nil, func(r *Rows) { r.Add("a\tb\nc", "\x1b[31md") })
	if want := "a b c\t [31md\n"; err != nil || s.String() != want {
		t.Errorf("got %q, %v, want %q", s.String(), err, want)
	}
}

func TestSet(t *testing.T) {
	f := func(text string, want Format, ok bool) {
		t.Helper()
		var got Format
		err := got.Set(text)
		if (err == nil) != ok || got != want {
			t.Errorf("Set(%q) = %v, %v, want %v, ok %v", text, got, err, want, ok)
		}
		if ok && got.String() != text {
			t.Errorf("String() = %q after Set(%q)", got.String(), text)
		}
	}
	f("table", Table, true)
	f("json", JSON, true)
	f("yaml", YAML, true)
	f("JSON", Table, false)
	f("", Table, false)
}

// full is a stream that takes nothing.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func (full) IsTerminal() bool { return false }

func TestWriteReportsItsError(t *testing.T) {
	for _, format := range []Format{Table, JSON, YAML} {
		if err := format.Write(full{}, result{}, fill); !errors.Is(err, errFull) {
			t.Errorf("%s on a full disk: %v, want %v", format.String(), err, errFull)
		}
	}
}

// What would command a terminal can stand in strings only, and there has another way to be written.
func TestJSONDoesNotCommandTheTerminal(t *testing.T) {
	const text = "ü \x1b[31m \u009b31m \u202e \x7f 👍 \U000e0001"
	for terminal, want := range map[bool]string{
		true:  `"ü \u001b[31m \u009b31m \u202e \u007f 👍 \udb40\udc01"`,
		false: "\"ü \\u001b[31m \u009b31m \u202e \x7f 👍 \U000e0001\"",
	} {
		s := &stream{terminal: terminal}
		format := JSON
		if err := format.Write(s, text, nil); err != nil || s.String() != want+"\n" {
			t.Errorf("terminal %v: %s, %v, want %s", terminal, s.String(), err, want)
		}
		var got string
		if err := json.Unmarshal(s.Bytes(), &got); err != nil || got != text {
			t.Errorf("terminal %v: %q, %v", terminal, got, err)
		}
	}
}
