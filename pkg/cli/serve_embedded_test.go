package cli

import (
	"errors"
	"fmt"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// Who has written no configuration learns where another file is named.
func TestNameElsewhere(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		faults := config.Errors{{Path: path, Problem: "is held", Hint: "end that process, or name another file: only one writes"}}
		var found config.Errors
		if !errors.As(nameElsewhere(fmt.Errorf("serve: %w", faults)), &found) || found[0].Hint != want {
			t.Errorf("%s: the hint is %q", path, found[0].Hint)
		}
	}
	f("exporters.database.url", "end that process, or name another file: only one writes")
	f("exporters.database/embedded.url",
		"end that process, or name another file in $APP__DATABASE__URL, such as sqlite:other.db: only one writes")
	if err := nameElsewhere(nil); err != nil {
		t.Error(err)
	}
}
