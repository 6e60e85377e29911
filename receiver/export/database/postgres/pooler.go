package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
)

// protocolViolation is the SQLSTATE of whatever PgBouncer itself has to say.
const protocolViolation = "08P01"

// poolerHint returns the next step for what PgBouncer says.
func poolerHint(message string) string {
	switch {
	case strings.Contains(message, "unsupported startup parameter"):
		return "PgBouncer does not pass this parameter of the URL on: leave it out, and set it in the server by ALTER ROLE … SET; " +
			"PgBouncer's ignore_startup_parameters would make it one without effect"
	case strings.Contains(message, "transaction blocks not allowed"):
		return "set pool_mode=transaction in PgBouncer for this database: tables cannot be made, nor duplicates left out, without transactions"
	case reply.Has(message, "max_client_conn", "query_wait_timeout"):
		return "lower max_connections here, which each replica has for itself, or raise PgBouncer's max_client_conn and default_pool_size"
	case reply.Has(message, "no such user", "authentication failed", `role "`):
		return "check user and password of the URL, and PgBouncer's auth_file or auth_query"
	case reply.Has(message, "no such database", "does not exist"):
		return "check the database at the end of the URL, and PgBouncer's section [databases]"
	case reply.Has(message, "server_login_retry", "server login failed", "cannot connect to server"):
		return "PgBouncer answers, but does not get into the server behind it: its log says why"
	}
	return ""
}

// checkSearchPath finds out that a pooler has kept the URL's search_path to itself, as PgBouncer does with what its
// ignore_startup_parameters names: tables would be made in another schema.
func (t *target) checkSearchPath(ctx context.Context, conn *session) error {
	const name = "search_path"
	wanted, ok := t.config.RuntimeParams[name]
	if !ok {
		wanted, ok = settingIn(t.config.RuntimeParams["options"], name)
	}
	if !ok {
		return nil
	}
	rows, err := query(ctx, conn, "SELECT current_setting('"+name+"')")
	if err != nil {
		return err
	}
	if got := string(rows[0][0]); plainNames(got) != plainNames(wanted) {
		return reply.Advise(fmt.Errorf("search_path is %s in the server and not %s as in the URL: a pooler has not passed it on", got, wanted),
			"leave it out of the URL, and set it by ALTER ROLE … SET search_path")
	}
	return nil
}

// plainNames returns a list of names without what may be written in several ways.
func plainNames(list string) string { return strings.NewReplacer(" ", "", `"`, "").Replace(list) }

// settingIn returns the value of a setting in the command line options of a server, -c name=value or --name=value, of
// which the last counts. A backslash takes away the meaning of what follows.
func settingIn(options, name string) (value string, ok bool) {
	var word strings.Builder
	escaped := false
	take := func() {
		text := strings.TrimPrefix(strings.TrimPrefix(word.String(), "-c"), "--")
		if key, v, found := strings.Cut(text, "="); found && strings.ReplaceAll(key, "-", "_") == name {
			value, ok = v, true
		}
		word.Reset()
	}
	for _, r := range options {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == ' ':
			take()
		default:
			word.WriteRune(r)
		}
		escaped = false
	}
	take()
	return value, ok
}
