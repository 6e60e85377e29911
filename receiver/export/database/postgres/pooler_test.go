package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestSettingInOptions(t *testing.T) {
	f := func(options, want string, found bool) {
		t.Helper()
		if got, ok := settingIn(options, "search_path"); got != want || ok != found {
			t.Errorf("%q: %q, %v", options, got, ok)
		}
	}
	f("", "", false)
	f("-c statement_timeout=5s", "", false)
	f("-c search_path=a", "a", true)
	f("-csearch_path=a -c geqo=off", "a", true)
	f("--search-path=a,b", "a,b", true)
	f(`-c search_path=a,\ b\\c`, `a, b\c`, true)
	f("-c search_path=a  -c search_path=b", "b", true)
	f("-c other_search_path=a", "", false)
}

func TestPoolerHints(t *testing.T) {
	f := func(message, want string) {
		t.Helper()
		if got := hint(&pgconn.PgError{Code: "08P01", Message: message}); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", message, got)
		}
	}
	f("unsupported startup parameter: search_path", "ignore_startup_parameters")
	f("unsupported startup parameter in options: geqo", "ignore_startup_parameters")
	f("transaction blocks not allowed in statement pooling mode", "pool_mode=transaction")
	f("no more connections allowed (max_client_conn)", "max_client_conn")
	f("query_wait_timeout", "default_pool_size")
	f("no such user: otlp", "auth_file")
	f("SASL authentication failed", "auth_file")
	f("no such database: telemetry", "[databases]")
	f(`database "telemetry" does not exist`, "[databases]") // as the server says
	f("server login has been failing, try again later (server_login_retry)", "does not get into the server behind it")
	f("invalid message length", "")
}

func TestMovedToAnotherServer(t *testing.T) {
	var r retained
	for _, step := range []struct {
		started string
		want    bool
	}{{"1.5", false}, {"1.5", false}, {"2.5", true}, {"2.5", false}, {"1.5", true}} {
		if got := r.moved(step.started); got != step.want {
			t.Errorf("%s: %v", step.started, got)
		}
	}
}
