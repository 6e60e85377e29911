package cli

import (
	"fmt"
	"strings"
	"testing"
)

// A variable is given to the container once, with the value that was given last.
func TestCompleteEnv(t *testing.T) {
	t.Setenv("FROM_HERE", "here")
	f := func(want string, env ...string) {
		t.Helper()
		o := dockerOptions{env: env}
		if err := o.completeEnv(); err != nil || fmt.Sprintf("%q", o.env) != want {
			t.Errorf("%q: %q %v, want %s", env, o.env, err, want)
		}
	}
	f(`[]`)
	f(`["A=2" "B="]`, "A=1", "A=2", "B=")
	f(`["AB=1" "A=x=y"]`, "A=1", "AB=1", "A=x=y")
	f(`["FROM_HERE=here"]`, "FROM_HERE=there", "FROM_HERE")
	f(`["A=two\nlines \"quoted\""]`, "A=two\nlines \"quoted\"")
	o := dockerOptions{env: []string{"NOT_SET_ANYWHERE"}}
	if err := o.completeEnv(); err == nil || !strings.Contains(err.Error(), "NOT_SET_ANYWHERE=VALUE") {
		t.Error(err)
	}
}
