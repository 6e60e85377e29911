package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) {
		return "x-${env:TOKEN}", name == "TOKEN"
	}
	f := func(text, want string) {
		t.Helper()
		if got, err := Expand(text, lookup); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	f("", "")
	f("Bearer ${env:TOKEN}", "Bearer x-${env:TOKEN}") // a value is taken as it is
	f("${env:NONE:-a}$$b", "a$b")
	f("Bearer ${file:"+path+"}", "Bearer hunter2")

	_, err := Expand("hunter2 ${env:NONE}", lookup)
	hinted, ok := err.(interface{ Hint() string })
	if !ok || hinted.Hint() == "" || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "NONE is not set") {
		t.Errorf("%v", err)
	}
}
