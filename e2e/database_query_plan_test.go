package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/pkg/store"
	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/wire"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// manyItems fills the tables with items of the last ten hours of a day, received lately: 20 services, 20,000 traces of ten spans, 100 metrics.
const manyItems = `
	INSERT INTO otlp_resources SELECT md5('r' || n)::uuid, 'service-' || n, '', jsonb_build_object('host', 'host-' || n), '', now()
		FROM generate_series(0, 19) n;
	INSERT INTO otlp_metrics SELECT md5('m' || n)::uuid, 'metric.' || n, '', '1', 5, 0, false, '', now() FROM generate_series(0, 99) n;
	INSERT INTO otlp_spans (time, key, received, resource_id, scope_id, start_unix_nano, duration_nano, kind, status_code, flags, service, name,
		trace_id, span_id, parent_span_id, attributes)
		SELECT at, md5('s' || n)::uuid, received, md5('r' || n %% 20)::uuid, md5('')::uuid, extract(epoch FROM at) * 1000000000,
			n %% 1000000, 2, CASE WHEN n %% 500 = 0 THEN 2 ELSE 0 END, 0, 'service-' || n %% 20, 'operation-' || n %% 100,
			decode(md5('t' || n / 10), 'hex'), decode(substr(md5('s' || n), 1, 16), 'hex'),
			CASE WHEN n %% 10 = 0 THEN NULL ELSE decode(substr(md5('s' || n - n %% 10), 1, 16), 'hex') END, jsonb_build_object('n', n %% 1000)
		FROM (SELECT n, timestamptz '%[1]s' - age AS at, now() - age AS received FROM (SELECT n, interval '10 hours' - n * interval '180 milliseconds' AS age FROM generate_series(0, 199999) n) ages) items;
	INSERT INTO otlp_logs (time, key, received, resource_id, scope_id, time_unix_nano, observed_unix_nano, severity, flags, service, body, trace_id, attributes)
		SELECT at, md5('l' || n)::uuid, received, md5('r' || n %% 20)::uuid, md5('')::uuid, extract(epoch FROM at) * 1000000000, 0,
			CASE WHEN n %% 500 = 0 THEN 17 ELSE 9 END, 0, 'service-' || n %% 20, 'line ' || n, decode(md5('t' || n / 10), 'hex'), '{}'
		FROM (SELECT n, timestamptz '%[1]s' - age AS at, now() - age AS received FROM (SELECT n, interval '10 hours' - n * interval '180 milliseconds' AS age FROM generate_series(0, 199999) n) ages) items;
	INSERT INTO otlp_points (time, key, received, resource_id, scope_id, metric_id, start_unix_nano, time_unix_nano, flags, kind, service, value, attributes)
		SELECT at, md5('p' || n)::uuid, received, md5('r' || n %% 20)::uuid, md5('')::uuid, md5('m' || n %% 100)::uuid, 0,
			extract(epoch FROM at) * 1000000000, 0, 5, 'service-' || n %% 20, n, jsonb_build_object('cpu', n %% 4)
		FROM (SELECT n, timestamptz '%[1]s' - age AS at, now() - age AS received FROM (SELECT n, interval '10 hours' - n * interval '180 milliseconds' AS age FROM generate_series(0, 199999) n) ages) items`

// planned is a server that writes down how it answers each query.
type planned struct {
	*postgres.Server

	t       *testing.T
	path    string
	read    int
	markers int
	until   time.Time // all items are before it, in the partition of one day
}

func newPlanned(t *testing.T) *planned {
	t.Helper()
	db := postgres.Own(t, "session_preload_libraries=auto_explain", "auto_explain.log_min_duration=0", "auto_explain.log_analyze=on",
		"auto_explain.log_timing=off", "logging_collector=on", "log_directory=log", "log_filename=plans.log", "log_rotation_size=0")
	p := &planned{Server: db, t: t, path: filepath.Join(db.DataDir(), "log", "plans.log")}
	e, _ := toPostgres(t, pgexport.Config{URL: db.URL(postgres.Database)})
	p.until = day(0).Add(12 * time.Hour)
	mustExport(t, e, signal.Traces, tracesOf("first", spanAt(0, uint64(day(0).UnixNano()))))
	db.MustExec(t, postgres.Database, fmt.Sprintf(manyItems, p.until.Format(time.RFC3339)))
	db.MustExec(t, postgres.Database, "VACUUM (ANALYZE) otlp_spans, otlp_logs, otlp_points, otlp_resources, otlp_metrics")
	return p
}

// plans returns the plans of all queries since it was called last.
func (p *planned) plans() string {
	p.t.Helper()
	p.markers++
	marker := fmt.Sprintf("marker %d.", p.markers)
	p.MustExec(p.t, postgres.Database, "SELECT '"+marker+"'")
	var text string
	wait.For(p.t, arrivalLimit, "the plans in the log", func() bool {
		all, err := os.ReadFile(p.path)
		if err != nil {
			return false
		}
		text = string(all[min(p.read, len(all)):])
		if !strings.Contains(text, marker) {
			return false
		}
		p.read = len(all)
		return true
	})
	return text
}

// wholeTable returns the part of a plan that reads all items of the day that has some, or nothing.
func (p *planned) wholeTable(plans string) string {
	return regexp.MustCompile(`Seq Scan on otlp_(?:spans|points|logs)_` + p.until.AddDate(0, 0, -1).Format("20060102") + ".*").FindString(plans)
}

func TestPostgresQueriesUseIndexes(t *testing.T) {
	p := newPlanned(t)
	s := openStore(t, p.URL(postgres.Database))
	hour := store.Range{Since: p.until.Add(-time.Hour), Until: p.until}
	p.plans()
	sortsPartly := p.Value(t, postgres.Database, "SELECT current_setting('server_version_num')::int >= 130000") == "t"
	f := func(name, index string, ask func() (int, error)) {
		t.Helper()
		if !sortsPartly && index == "_service_time_idx" {
			index = "" // without incremental sorts, filtering what is in order can be cheaper
		}
		n, err := ask()
		if err != nil || n == 0 {
			t.Fatalf("%s: %d found, %v", name, n, err)
		}
		plans := p.plans()
		if whole := p.wholeTable(plans); whole != "" || !regexp.MustCompile(index).MatchString(plans) {
			t.Errorf("%s: no index %s, or %s:\n%s", name, index, whole, plans)
		}
	}
	traces := func(f store.TraceFilter) func() (int, error) {
		return func() (int, error) {
			f.Range, f.Limit = hour, 20
			found, err := s.Traces(t.Context(), f)
			return len(found), err
		}
	}
	f("traces", "_pkey", traces(store.TraceFilter{}))
	f("traces of a service", "_service_time_idx", traces(store.TraceFilter{Service: "service-3"}))
	f("traces that failed", "_time_idx", traces(store.TraceFilter{Status: store.StatusError}))
	f("traces with a name", "_pkey", traces(store.TraceFilter{Name: "operation-5*"}))
	f("traces with an attribute", "_pkey", traces(store.TraceFilter{Attributes: []store.Attribute{{Key: "n", Value: "5"}}}))
	f("traces with a resource's attribute", "_pkey", traces(store.TraceFilter{Attributes: []store.Attribute{{Key: "host", Value: "host-3"}}}))
	f("traces by their duration", "_pkey", traces(store.TraceFilter{MinDuration: time.Second}))

	newest, err := s.Traces(t.Context(), store.TraceFilter{Range: hour, Service: "service-3", Limit: 1})
	if err != nil || len(newest) != 1 {
		t.Fatal(newest, err)
	}
	id := newest[0].ID
	p.plans()
	f("a part of an ID", "_trace_id_idx", func() (int, error) { _, err := s.Find(t.Context(), id.String()[:8]); return 1, err })
	f("a trace", "_trace_id_idx", func() (int, error) {
		spans, err := s.Spans(t.Context(), []store.TraceID{id})
		return len(spans), err
	})

	logs := func(f store.LogFilter) func() (int, error) {
		return func() (int, error) {
			f.Range, f.Limit = hour, 20
			found, err := s.Logs(t.Context(), f)
			return len(found), err
		}
	}
	f("logs", "_pkey", logs(store.LogFilter{}))
	f("logs of a service", "_service_time_idx", logs(store.LogFilter{Service: "service-3"}))
	f("logs by severity", "_severity_time_idx", logs(store.LogFilter{MinSeverity: 17}))
	f("logs of a trace", "_trace_id_idx", logs(store.LogFilter{Trace: id.String()}))
	f("logs with a text", "_pkey", logs(store.LogFilter{Body: "9"}))

	scattered, err := s.Logs(t.Context(), store.LogFilter{Range: store.Range{Until: p.until}, MinSeverity: 17, Limit: 500})
	if err != nil || len(scattered) < 300 {
		t.Fatal(len(scattered), err)
	}
	keys := make([]row.PrimaryKey, len(scattered))
	for i, log := range scattered {
		keys[i] = log.PrimaryKey
	}
	p.plans()
	const byKey = `_pkey.*\n\s+Index Cond: \(\("?time"? = .*\) AND \(key = `
	f("whether items are there", byKey, func() (int, error) {
		there, err := s.Holds(t.Context(), wire.Logs, keys)
		return len(slices.DeleteFunc(there, func(there bool) bool { return !there })) - len(keys) + 1, err
	})

	f("metrics", "_metric_id_time_idx", func() (int, error) {
		found, _, err := s.Metrics(t.Context(), store.MetricFilter{Range: hour, Limit: 20})
		return len(found), err
	})
	f("points", "_metric_id_time_idx", func() (int, error) {
		found, err := s.Points(t.Context(), store.MetricFilter{Range: hour, Name: "metric.7", Limit: 20})
		return len(found), err
	})
	f("what arrives", "_received_idx", func() (int, error) {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := s.FollowLogs(ctx, store.LogFilter{Range: hour, Limit: 20}, store.Followed[*row.Log]{New: func(some []*row.Log) error {
			n += len(some)
			cancel()
			return nil
		}})
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return n, err
	})
	s.Poll = 10 * time.Millisecond
	f("what has arrived", byKey, func() (int, error) {
		ctx, cancel := context.WithCancel(t.Context())
		n := -1
		err := s.FollowLogs(ctx, store.LogFilter{Range: store.Range{Since: p.until.Add(-10 * time.Hour)}, Limit: 1}, store.Followed[*row.Log]{New: func(some []*row.Log) error {
			if n < 0 {
				p.MustExec(t, postgres.Database, fmt.Sprintf("INSERT INTO otlp_logs SELECT timestamptz '%s' - n * interval '1 hour', md5('new' || n)::uuid, now(), md5('r0')::uuid, md5('')::uuid, 0, 0, 0, 0, '' "+
					"FROM generate_series(1, 9) n", p.until.Format(time.RFC3339)))
				n = 0
				return nil
			}
			if n += len(some); n == 9 {
				cancel()
			}
			return nil
		}})
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return n, err
	})
}
