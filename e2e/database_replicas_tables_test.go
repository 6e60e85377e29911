package e2e_test

import (
	"strings"
	"sync"
	"testing"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// They see what the others have done, whatever isolation users have by default.
func TestPostgresReplicasMakeTablesAtOnce(t *testing.T) {
	for _, isolation := range []string{"read committed", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			testReplicasMakeTables(t, postgres.Own(t, "default_transaction_isolation="+isolation))
		})
	}
}

func testReplicasMakeTables(t *testing.T, db *postgres.Server) {
	const replicas = 5
	var all []*pgexport.Exporter
	for range replicas {
		e, log := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
		all = append(all, e)
		t.Cleanup(func() {
			if strings.Contains(log.String(), "level=WARN") {
				t.Errorf("something went wrong on the way:\n%s", log)
			}
		})
	}
	var writers sync.WaitGroup
	for i, e := range all {
		writers.Go(func() {
			for _, sig := range signal.All() {
				// All of them bring the same resource, scope and metric, and half of their items are those of the next.
				_, err := e.Export(t.Context(), batchOf(t, sig, numbered.Request(sig, uint64(i)*500+1, 1000)))
				if err != nil {
					t.Errorf("replica %d: %s: %v", i, sig, err)
				}
			}
		})
	}
	writers.Wait()
	for _, sig := range signal.All() {
		if got := db.Value(t, postgres.Database, "SELECT count(*) FROM "+itemTable(sig)); got != "3000" {
			t.Errorf("%s: %s items, want 3000", sig, got)
		}
	}
	if got := db.Value(t, postgres.Database, "SELECT string_agg(version::text, ',') FROM otlp_migrations"); got != "1" {
		t.Errorf("migrations: %s", got)
	}
}
