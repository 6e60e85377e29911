package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// errSeen ends a test that follows.
var errSeen = errors.New("seen")

func TestFollowLogs(t *testing.T) {
	w := newWritten(t)
	w.Poll = time.Millisecond
	w.logs(
		aLog{service: "cart", body: "old", time: 1}, aLog{service: "cart", body: "newest", time: 3},
		aLog{service: "other", body: "not wanted", time: 2},
	)
	var got string
	step := 0
	err := w.FollowLogs(t.Context(), LogFilter{Service: "cart", Range: Range{Since: noon()}, Limit: 1}, Followed[*row.Log]{
		New: func(some []*row.Log) error {
			got += bodies(some) + "|"
			step++
			switch step {
			case 1: // what comes is shown although its time is long ago, but not before since
				w.logs(aLog{service: "cart", body: "late", time: 0.5}, aLog{service: "other", body: "not wanted", time: 4}, aLog{service: "cart", body: "too late", time: -1})
			case 2:
				w.logs(aLog{service: "cart", body: "late", time: 0.5}) // once more: it is there
				w.logs(aLog{service: "cart", body: "b", time: 6}, aLog{service: "cart", body: "a", time: 5})
			case 3:
				return errSeen
			}
			return nil
		},
		Outage: func(err error) { t.Error(err) },
	})
	if want := "newest;|late;|a;b;|"; !errors.Is(err, errSeen) || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// Whoever follows a file that is moved away, deleted or replaced is told so, and sees what comes to the next one.
func TestFollowAnotherFile(t *testing.T) {
	f := func(name string, replace func(path, another string) error) {
		t.Helper()
		w := newWritten(t)
		w.Poll = time.Millisecond
		file, _ := w.db.(*sqliteFile)
		path, another := file.path, newWritten(t)
		later, _ := another.db.(*sqliteFile)
		another.logs(aLog{body: "of another file", time: 2})
		another.logs(aLog{body: "and more", time: 3})
		if err := errors.Join(another.Close(), another.exporter.Close(t.Context())); err != nil { // nothing is left in the log
			t.Fatal(err)
		}
		w.logs(aLog{body: "first", time: 1})
		var got string
		var said []error
		err := w.FollowLogs(t.Context(), LogFilter{Range: Range{Since: noon()}, Limit: 1}, Followed[*row.Log]{
			New: func(some []*row.Log) error {
				got += bodies(some) + "|"
				if len(said) > 0 {
					return errSeen
				}
				return replace(path, later.path)
			},
			Outage: func(err error) {
				said = append(said, err)
				if err == nil {
					return
				}
				if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
					if err := os.Rename(later.path, path); err != nil {
						t.Error(err)
					}
				}
			},
		})
		if want := "first;|of another file;and more;|"; !errors.Is(err, errSeen) || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
		if len(said) != 2 || said[0] == nil || said[1] != nil || !strings.Contains(said[0].Error(), path) {
			t.Errorf("%s: said %v", name, said)
		}
	}
	f("moved away", func(path, _ string) error {
		return errors.Join(os.Rename(path, path+".old"), os.Rename(path+"-wal", path+".old-wal"), os.Rename(path+"-shm", path+".old-shm"))
	})
	f("deleted", func(path, _ string) error {
		return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
	})
	f("replaced", func(path, another string) error {
		return errors.Join(os.Remove(path+"-wal"), os.Remove(path+"-shm"), os.Rename(another, path))
	})
}

func TestFollowEnds(t *testing.T) {
	w := newWritten(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := w.FollowLogs(ctx, LogFilter{Range: Range{Since: noon()}, Limit: 1}, Followed[*row.Log]{New: func([]*row.Log) error {
		cancel()
		return nil
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestFollowPoints(t *testing.T) {
	w := newWritten(t)
	w.Poll = time.Millisecond
	var got []float64
	err := w.FollowPoints(t.Context(), MetricFilter{Name: "cpu*", Range: Range{Since: noon()}, Limit: 1}, Followed[Point]{New: func(some []Point) error {
		for _, p := range some {
			got = append(got, *p.Value)
		}
		if len(got) == 2 {
			return errSeen
		}
		if len(got) == 0 {
			w.gauge("cart", "memory", "0", 1, 9)
			w.gauge("cart", "cpu.use", "0", 1, 1, 2)
		}
		return nil
	}})
	if !errors.Is(err, errSeen) || len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFollowItemsOfOneBatch(t *testing.T) {
	w := newWritten(t)
	w.Poll = time.Millisecond
	const n = chunk + 7 // more than one query takes
	seen := 0
	err := w.FollowLogs(t.Context(), LogFilter{Range: Range{Since: noon()}, Limit: 1}, Followed[*row.Log]{New: func(some []*row.Log) error {
		if seen += len(some); seen == 0 {
			var all []aLog
			for i := range n {
				all = append(all, aLog{service: "cart", time: float64(i), severity: logs.SeverityNumber_SEVERITY_NUMBER_INFO})
			}
			w.logs(all...)
		}
		if seen >= n {
			return errSeen
		}
		return nil
	}})
	if !errors.Is(err, errSeen) || seen != n {
		t.Errorf("seen %d, %v, want %d", seen, err, n)
	}
}

func TestWaiting(t *testing.T) {
	var zero time.Time
	w := waiting{}
	a, b := arrival{trace: TraceID{1}}, arrival{trace: TraceID{2}}
	f := func(name string, after time.Duration, want int, arrived ...arrival) {
		t.Helper()
		now := zero.Add(after)
		w.add(arrived, now)
		due := w.due(now)
		w.done(due)
		if len(due) != want {
			t.Errorf("%s: %d traces are due, want %d", name, len(due), want)
		}
	}
	f("the first span", 0, 0, a)
	f("soon", time.Second, 0)
	f("another span, and another trace", 1500*time.Millisecond, 0, a, b)
	f("one more", 3*time.Second, 0, a)
	f("nothing more has come of one", 3500*time.Millisecond, 1)
	f("and of the other", 5*time.Second, 1)
	f("a span that is late", 6*time.Second, 0, a)
	f("nobody looks for that", time.Minute, 0)
	f("long after", time.Minute+forgotten, 0)
	if len(w) != 0 {
		t.Errorf("%d traces are still remembered", len(w))
	}
	begin := time.Hour
	f("a trace that does not end", begin, 0, a)
	for after := time.Second; after < patience; after += time.Second {
		f("goes on", begin+after, 0, a)
	}
	f("is shown in the end", begin+patience, 1, a)
}

// A trace comes once it seems to be complete, and once.
func TestFollowTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWritten(t)
		w.shop()
		var got []string
		err := w.FollowTraces(t.Context(), TraceFilter{Service: "frontend", Range: Range{Since: noon()}, Limit: 1}, Followed[Trace]{New: func(some []Trace) error {
			for _, one := range some {
				got = append(got, fmt.Sprintf("%d: %d spans", one.ID[0], one.Spans))
			}
			switch len(got) {
			case 1: // that one has been shown; of another, the second half comes a second later
				w.spans(aSpan{trace: 2, id: 9, parent: 1, service: "frontend", name: "late", start: 20, end: 21})
				w.spans(aSpan{trace: 5, id: 1, service: "frontend", name: "GET /", start: 50, end: 51}, aSpan{trace: 6, id: 1, service: "other", name: "GET /"})
				time.AfterFunc(time.Second, func() {
					w.spans(aSpan{trace: 5, id: 2, parent: 1, service: "cart", name: "load", start: 50, end: 51}, aSpan{trace: 5, id: 3, parent: 1, service: "frontend", name: "x", start: 50, end: 51})
				})
			case 2:
				return errSeen
			}
			return nil
		}})
		if want := []string{"2: 1 spans", "5: 3 spans"}; !errors.Is(err, errSeen) || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}
