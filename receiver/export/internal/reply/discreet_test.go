package reply

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDiscreetLine(t *testing.T) {
	d := NewDiscreet("Bearer s3cret-token", "abc", "team-a")
	f := func(message, want string) {
		t.Helper()
		if got := d.Line(message); got != want {
			t.Errorf("%q is shown as %q, want %q", message, got, want)
		}
	}
	f("Bearer s3cret-token is not valid", "*** is not valid")
	f(`token "s3cret-token"`+"\nBearer tokens expire, abc", `token "***" Bearer tokens expire, abc`)
	f("no tenant team-a", "no tenant ***")
	long := strings.Repeat("x", longestMessage-len("s3cret"))
	f(long+"s3cret-token", long+"***")
}

func TestDiscreetError(t *testing.T) {
	d := NewDiscreet("s3cret-token")
	err := errors.Join(errors.New(`malformed "s3cret-token"`), io.ErrUnexpectedEOF)
	if got := d.Error(err); got.Error() != "malformed \"***\"\nunexpected EOF" || !errors.Is(got, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", got)
	}
	if got := (Discreet{}).Error(err); got != err { //nolint:errorlint // the very same
		t.Errorf("got %v", got)
	}
}
