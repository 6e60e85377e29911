package postgres

import (
	"net"
	"strings"
	"testing"
)

// Schema returns the definitions of everything in a database but the tables that a pattern of pg_dump matches.
func (s *Server) Schema(t testing.TB, database, without string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.run(t.Context(), "pg_dump", "--schema-only", "--exclude-table="+without,
		"--host="+s.dir, "--port="+port, "--username="+Superuser, database)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		// \restrict and \unrestrict have a word that is different each time.
		if !strings.HasPrefix(line, `\`) {
			b.WriteString(line)
		}
	}
	return b.String()
}
