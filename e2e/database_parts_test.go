package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// partly is a request of so many resources with so many records each, of which every second has no time and is told from
// others by its place alone. LATIN1 lacks a character of one record of each resource.
func partly(resources, records int) *collogs.ExportLogsServiceRequest {
	text := func(s string) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
	}
	now := uint64(time.Now().UnixNano())
	request := &collogs.ExportLogsServiceRequest{}
	for i := range resources {
		scope := &logs.ScopeLogs{Scope: &common.InstrumentationScope{Name: fmt.Sprint("scope ", i)}}
		for j := range records {
			r := &logs.LogRecord{}
			if j%2 == 0 {
				r.TimeUnixNano = now + uint64(i*records+j)
			}
			if j == records/3 {
				r.Body = text("☃")
			}
			scope.LogRecords = append(scope.LogRecords, r)
		}
		request.ResourceLogs = append(request.ResourceLogs, &logs.ResourceLogs{
			Resource:  &resource.Resource{Attributes: []*common.KeyValue{{Key: "number", Value: text(fmt.Sprint(i))}}},
			ScopeLogs: []*logs.ScopeLogs{scope},
		})
	}
	return request
}

// However often connections break off in the middle of a batch, what attempts have settled adds up to it, every item is
// there once or refused once, and so is what it refers to.
func TestPostgresPartsAddUp(t *testing.T) {
	const writer, resources, records, kills = "writer", 60, 1000, 60
	db := postgres.Own(t)
	db.MustExec(t, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	db.MustExec(t, "latin", "CREATE USER "+writer+" SUPERUSER PASSWORD 'x'")
	e, _ := toPostgres(t, pgexport.Config{URL: db.URLAs(writer, "x", "latin")})
	mustExport(t, e, signal.Logs, bodies(1, 1, func(int) bool { return false })) // makes the tables

	ctx, cancel := context.WithCancel(t.Context())
	var killer sync.WaitGroup
	defer killer.Wait()
	defer cancel()
	killer.Go(func() {
		for i := 0; i < kills && ctx.Err() == nil; i++ {
			_ = db.Exec(ctx, "postgres", fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'", writer)) // it is over, or another attempt follows
		}
	})
	b := batchOf(t, signal.Logs, partly(resources, records))
	settled, attempts := 0, 0
	var refused pipeline.Refusals
	book := func(items int, p pipeline.Partial) {
		settled += items
		var sum int64
		for reason, n := range p.Reasons {
			refused[reason] += n
			sum += n
		}
		if sum != p.Rejected {
			t.Errorf("reasons for %d of %d refused items", sum, p.Rejected)
		}
	}
	for settled < resources*records {
		attempts++
		partial, err := e.Export(t.Context(), b)
		divided, ok := errors.AsType[*pipeline.DividedError](err)
		retryable := new(pipeline.RetryableError)
		switch {
		case err == nil:
			book(b.Items, partial)
		case !errors.As(err, &retryable):
			t.Fatal(err)
		case ok:
			for _, s := range divided.Settled {
				book(s.Items, s.Partial)
			}
			b = divided.Rest
		}
	}
	t.Logf("%d attempts, %d duplicates", attempts, e.Duplicates())
	if settled != resources*records || refused[pipeline.RefusedInvalid] != resources {
		t.Errorf("%d items are settled, and refused %v; want %d and %d", settled, refused, resources*records, resources)
	}
	if got := db.Value(t, "latin", "SELECT count(*) FROM otlp_logs"); got != fmt.Sprint(resources*(records-1)+1) {
		t.Errorf("%s items are there", got)
	}
	if got := db.Value(t, "latin", "SELECT count(*) FROM otlp_logs l WHERE NOT EXISTS (SELECT FROM otlp_resources r WHERE r.id = l.resource_id) "+
		"OR NOT EXISTS (SELECT FROM otlp_scopes s WHERE s.id = l.scope_id)"); got != "0" {
		t.Errorf("%s items refer to what is not there", got)
	}
}
