package ingest

import (
	"strings"
	"testing"
)

func TestGroup(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	of := func(values ...[]string) string {
		keys := make([]string, len(values))
		for i := range keys {
			keys[i] = string(rune('a' + i))
		}
		return group(keys, func(key string) []string { return values[key[0]-'a'] })
	}
	f := func(same bool, a, b string) {
		t.Helper()
		if same != (a == b) || max(len(a), len(b)) > longestGroup {
			t.Errorf("%q and %q", a, b)
		}
	}
	f(true, of([]string{"a"}), of([]string{"a"}))
	f(false, of([]string{"a"}), of([]string{"b"}))
	f(false, of([]string{"a", "b"}), of([]string{"ab"}))
	f(false, of([]string{"a"}, nil), of(nil, []string{"a"}))
	f(true, of([]string{long}), of([]string{long}))
	f(false, of([]string{long}), of([]string{long + "x"}))
	f(false, of([]string{long}), of(nil))
}
