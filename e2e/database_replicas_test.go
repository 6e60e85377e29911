package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// Several receivers write to one database, and the same requests come to several of them: because an answer was lost, or
// because a client has been told to send everything everywhere.
func TestPostgresReplicas(t *testing.T) {
	t.Parallel()
	db := postgres.Own(t, "max_connections=40")
	newWriter(t, db)
	t.Run("lost answers", func(t *testing.T) { testLostAnswers(t, db) })
	t.Run("five at once", func(t *testing.T) { testFiveAtOnce(t, db) })
}

// Receivers die, connections break off, and clients send again to the next one what they have no answer for.
func testLostAnswers(t *testing.T, db *postgres.Server) {
	const database = "answers"
	url := newDatabase(t, db, database, "")
	var receivers []*server
	for range 3 {
		receivers = append(receivers, serve(t, keeping(url, unqueued)))
	}
	last := receivers[2]
	grpc, http := proxy(t, last.grpc), proxy(t, last.http)
	before := map[signal.Protocol]*fault.Proxy{signal.GRPC: grpc, signal.HTTPProtobuf: http, signal.HTTPJSON: http}
	var retrying []*client.Retrying
	l := sendBy(t, persistent(), func() []client.Client {
		var all []client.Client
		for _, protocol := range signal.Protocols() {
			next := new(inTurn)
			for _, s := range receivers[:2] {
				next.clients = append(next.clients, s.client(t, protocol, ""))
			}
			next.clients = append(next.clients, dialTo(t, protocol, before[protocol].Addr()))
			r := &client.Retrying{Client: dated{next, uint64(time.Now().UnixNano())}, Attempt: attemptLimit}
			retrying = append(retrying, r)
			all = append(all, r)
		}
		return all
	})
	for _, s := range receivers[:2] {
		s.storing(t)
		must(t, s.Signal(syscall.SIGKILL))
	}
	for rollbacks(t, db, database) < 5 { // requests of which the database has something already
		last.storing(t)
		grpc.Cut()
		http.Cut()
	}
	last.storing(t)
	l.finish()
	l.wantAllAcked(t)
	failed := 0
	for _, r := range retrying {
		n, _ := r.Failed()
		failed += n
	}
	t.Logf("%d attempts failed, the database has undone %d transactions", failed, rollbacks(t, db, database))
	wantCleanExit(t, last)
	wantExactly(t, l, inPostgres(t, db, database))
}

// Five receivers find an empty database, make its tables at the same time, and get every request all five.
func testFiveAtOnce(t *testing.T, db *postgres.Server) {
	const database = "five"
	url := newDatabase(t, db, database, "")
	var receivers []*server
	for range 5 {
		receivers = append(receivers, serve(t, keeping(url, "timeout: 10s", "sending_queue: {queue_size: 10000}")))
	}
	most := countSessions(t, db, database)
	pace := persistent()
	pace.every *= 5 // as much as otherwise: everything comes five times
	l := sendBy(t, pace, func() []client.Client {
		var all []client.Client
		for _, protocol := range signal.Protocols() {
			var every everywhere
			for _, s := range receivers {
				every = append(every, s.client(t, protocol, ""))
			}
			all = append(all, dated{every, uint64(time.Now().UnixNano())})
		}
		return all
	})
	for _, s := range receivers {
		s.storing(t)
	}
	l.finish()
	l.wantAllAcked(t)
	wantCleanExits(t, receivers)
	if n := most(); n > len(receivers)*ownConnections {
		t.Errorf("%d connections of %d receivers", n, len(receivers))
	}
	t.Logf("%s deadlocks", db.Value(t, "postgres", "SELECT deadlocks FROM pg_stat_database WHERE datname = '"+database+"'"))
	stored := inPostgres(t, db, database)
	wantExactly(t, l, stored)
	for _, s := range receivers {
		wantReceipt(t, s, stored)
		wantDiscreet(t, s)
	}
}

// persistent is the pace of clients whose requests may take a while.
func persistent() pace {
	p := steady()
	p.timeout = arrivalLimit
	return p
}

// wantExactly is wantStored where every request was acknowledged: nothing else is there.
func wantExactly(t *testing.T, l *loads, stored map[signal.Signal][]uint64) {
	t.Helper()
	l.wantStored(t, stored)
	for sig, load := range l.each {
		if acked := len(load.Acked()); acked != len(stored[sig]) {
			t.Errorf("%s: %d items were sent, and %d are there", sig, acked, len(stored[sig]))
		}
	}
}

// wantCleanExits stops servers all at once.
func wantCleanExits(t *testing.T, all []*server) {
	t.Helper()
	for _, s := range all {
		must(t, s.Signal(syscall.SIGTERM))
	}
	for _, s := range all {
		if code, err := s.Wait(t.Context()); err != nil || code != 0 {
			t.Errorf("exit code %d, %v, want 0", code, err)
		}
	}
}

// rollbacks returns how many transactions a database has undone.
func rollbacks(t *testing.T, db *postgres.Server, database string) int {
	t.Helper()
	n, err := strconv.Atoi(db.Value(t, "postgres", fmt.Sprintf("SELECT xact_rollback FROM pg_stat_database WHERE datname = '%s'", database)))
	must(t, err)
	return n
}

// dialTo returns a client of an address.
func dialTo(t *testing.T, protocol signal.Protocol, addr string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Target{Protocol: protocol, Addr: addr})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// inTurn sends to the same server until that fails, and then to the next, up to the last.
type inTurn struct{ clients []client.Client }

func (c *inTurn) Export(ctx context.Context, sig signal.Signal, request proto.Message) error {
	err := c.clients[0].Export(ctx, sig, request)
	if err != nil && len(c.clients) > 1 {
		c.clients = c.clients[1:]
	}
	return err
}

func (c *inTurn) Close() error { return nil } // the clients are others'

// everywhere sends each request to all servers at the same time.
type everywhere []client.Client

func (e everywhere) Export(ctx context.Context, sig signal.Signal, request proto.Message) error {
	errs := make([]error, len(e))
	var all sync.WaitGroup
	for i, c := range e {
		all.Go(func() { errs[i] = c.Export(ctx, sig, request) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (e everywhere) Close() error { return nil } // the clients are others'
