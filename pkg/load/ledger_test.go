package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// lateHolder has an item of each question more every second, up to most of all.
type lateHolder struct {
	most int
	err  error
	held map[row.PrimaryKey]bool
	next time.Time
}

func (h *lateHolder) Holds(ctx context.Context, _ wire.Signal, items []row.PrimaryKey) ([]bool, error) {
	if h.err != nil {
		return nil, h.err
	}
	if h.most < 0 { // no answer
		<-ctx.Done()
		return nil, ctx.Err()
	}
	there := make([]bool, len(items))
	for i, item := range items {
		if !h.held[item] && len(h.held) < h.most && !time.Now().Before(h.next) {
			h.held[item], h.next = true, time.Now().Add(time.Second)
		}
		there[i] = h.held[item]
	}
	return there, nil
}

// logRecords is an encoded request with n log records, a nanosecond from each other; with a time of zero they have none.
func logRecords(t *testing.T, n int, from uint64) []byte {
	t.Helper()
	var text strings.Builder
	text.WriteString(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[`)
	for i := range n {
		if i > 0 {
			text.WriteByte(',')
		}
		if from > 0 {
			fmt.Fprintf(&text, `{"timeUnixNano":"%d"}`, from+uint64(i))
		} else {
			text.WriteString(`{}`)
		}
	}
	text.WriteString(`]}]}]}`)
	request, err := otlpjson.AppendWire(nil, wire.Logs, []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestLedger(t *testing.T) {
	f := func(name string, h lateHolder, accepted int, want error, took time.Duration, account Account) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h.held = map[row.PrimaryKey]bool{}
			l := NewLedger(&h, 3*time.Second)
			if err := l.Enter(wire.Logs, logRecords(t, 2, 0), 2, "first"); err != nil {
				t.Fatal(err)
			}
			if err := l.Enter(wire.Logs, logRecords(t, 5, 1), accepted, "second"); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err := l.Settle(t.Context())
			if !errors.Is(err, want) || time.Since(began).Round(time.Second) != took {
				t.Errorf("%s: %v after %s, want %v after %s", name, err, time.Since(began), want, took)
			}
			if got := l.Of(wire.Logs); got != account {
				t.Errorf("%s: %+v, want %+v", name, got, account)
			}
		})
	}
	all := Account{Found: 5, Timeless: 2}
	f("each second one", lateHolder{most: 5}, 5, nil, 4*time.Second, all)
	f("some were refused", lateHolder{most: 3}, 3, nil, 2*time.Second, Account{Found: 3, Timeless: 2})
	f("some are missing", lateHolder{most: 3}, 5, ErrMissing, 5*time.Second, Account{Found: 3, Missing: 2, Timeless: 2, First: "second"})
	f("nothing is there", lateHolder{}, 5, ErrMissing, 3*time.Second, Account{Missing: 5, Timeless: 2, First: "second"})
	f("no answer", lateHolder{most: -1}, 5, errSilent, 3*time.Second, Account{Missing: 5, Timeless: 2, First: "second"})
	errDown := errors.New("connection lost")
	f("an error", lateHolder{err: errDown}, 5, errDown, 3*time.Second, Account{Missing: 5, Timeless: 2, First: "second"})
}

func TestLedgerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		l := NewLedger(&lateHolder{}, time.Hour)
		if err := l.Enter(wire.Logs, logRecords(t, 1, 1), 1, "here"); err != nil {
			t.Fatal(err)
		}
		if err := l.Settle(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// What is remembered is bounded: by then all of it has to be found, and is forgotten, refused items as well.
func TestLedgerIsBounded(t *testing.T) {
	l := NewLedger(heldHolder{}, time.Second)
	const some = mostOwed / 8
	for n := uint64(1); n <= 8; n++ {
		if l.Full() {
			t.Fatalf("full with %d requests", n-1)
		}
		if err := l.Enter(wire.Logs, logRecords(t, some, n*some), some/2, "here"); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Full() {
		t.Error("not full")
	}
	if err := l.Settle(t.Context()); err != nil || l.Full() || l.Of(wire.Logs) != (Account{Found: 4 * some}) {
		t.Errorf("%v, %+v", err, l.Of(wire.Logs))
	}
	if n := len(l.accounts[wire.Logs].owed); n > 0 {
		t.Errorf("%d items are remembered", n)
	}
}

// heldHolder holds everything.
type heldHolder struct{}

func (heldHolder) Holds(_ context.Context, _ wire.Signal, items []row.PrimaryKey) ([]bool, error) {
	there := make([]bool, len(items))
	for i := range there {
		there[i] = true
	}
	return there, nil
}
