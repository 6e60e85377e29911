package hinted_test

import (
	"errors"
	"fmt"
	"io/fs"
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
