package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

func TestChangesBetween(t *testing.T) {
	list := func(text string) (all []resolve.Instance) {
		for i := range strings.FieldsSeq(text) {
			id, zone, _ := strings.Cut(i, "/")
			all = append(all, resolve.Instance{ID: id, Zone: zone})
		}
		return all
	}
	f := func(before, after, want string) {
		t.Helper()
		var got []string
		for _, c := range changesBetween(list(before), list(after), time.Time{}) {
			got = append(got, fmt.Sprint(c.sign(), c.Instance.ID))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q → %q: %q, want %q", before, after, got, want)
		}
	}
	f("", "", "")
	f("", "a b", "+a +b")
	f("a b", "a b", "")
	f("a b c", "b/z d", "-a ~b -c +d")
	f("a", "", "-a")
}
