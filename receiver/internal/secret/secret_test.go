package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestNothingShowsASecret(t *testing.T) {
	c := struct {
		Headers map[string]Text
		Token   Text
	}{map[string]Text{"authorization": "hunter2"}, "hunter2"}
	f := func(how, shown string) {
		t.Helper()
		if strings.Contains(shown, "hunter2") || !strings.Contains(shown, hidden) {
			t.Errorf("%s shows %s", how, shown)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		f(verb, fmt.Sprintf(verb, c))
		f(verb, fmt.Sprintf(verb, c.Token))
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	f("json", string(b))
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var log bytes.Buffer
		slog.New(handler(&log)).Info("started", "config", c, "token", c.Token)
		f("slog", log.String())
	}
}

func TestUnsetShowsAsUnset(t *testing.T) {
	if got := fmt.Sprint(Text("")); got != "" {
		t.Fatalf("%q", got)
	}
}
