package hinted_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// The hint is no part of the text, and is found below what others add to the error.
func TestNew(t *testing.T) {
	err := fmt.Errorf("read a: %w", hinted.New(fs.ErrNotExist, "write it first"))
	if err.Error() != "read a: file does not exist" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %q", err)
	}
	found, ok := errors.AsType[interface {
		error
		Hint() string
	}](err)
	if !ok || found.Hint() != "write it first" {
		t.Errorf("the hint of %v is not found", err)
	}
}

// advised has its hint in its text, as errors of exporters do.
type advised struct{ text, hint string }

func (e advised) Error() string { return e.text + "; hint: " + e.hint }
func (e advised) Hint() string  { return e.hint }

func TestApart(t *testing.T) {
	f := func(err error, wantText, wantHint string) {
		t.Helper()
		if text, hint := hinted.Apart(err); text != wantText || hint != wantHint {
			t.Errorf("%q: %q, %q; want %q, %q", err, text, hint, wantText, wantHint)
		}
	}
	f(fs.ErrNotExist, "file does not exist", "")
	f(hinted.New(fs.ErrNotExist, ""), "file does not exist", "")
	f(hinted.New(fs.ErrNotExist, "write it"), "file does not exist", "write it")
	f(advised{"no route", "ask DNS"}, "no route", "ask DNS")
	f(fmt.Errorf("send: %w (twice)", advised{"no route", "ask DNS"}), "send: no route (twice)", "ask DNS")
	f(hinted.New(advised{"no route", "ask DNS"}, "or wait"), "no route", "ask DNS")
	f(errors.Join(fs.ErrExist, advised{"no route", "ask DNS"}), "file already exists\nno route", "ask DNS")
}

func TestAll(t *testing.T) {
	err := errors.Join(hinted.New(advised{"a", "inner"}, "outer"), fmt.Errorf("b: %w", hinted.New(fs.ErrExist, "inner")))
	if got := hinted.All(err); !slices.Equal(got, []string{"inner", "outer"}) {
		t.Errorf("hints %q", got)
	}
}
