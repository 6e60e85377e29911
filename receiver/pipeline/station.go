package pipeline

import (
	"context"
	"errors"
)

// station is an exporter with its settings. A Destination has one at a time and
// can exchange it while it runs: what is queued goes to the new one.
type station struct {
	exporter Exporter
	settings Settings

	// Guarded by the Destination's stations lock.
	users  int           // attempts under way
	left   bool          // another station has taken its place
	unused chan struct{} // closed once it was left and nobody uses it
}

func newStation(e Exporter, s Settings) *station {
	return &station{exporter: e, settings: s, unused: make(chan struct{})}
}

// station returns the station of the moment. Its exporter may be closed at any
// time, unless enter was called.
func (d *Destination) station() *station { return d.current.Load() }

// enter returns the station of the moment, whose exporter is not closed before
// leave.
func (d *Destination) enter() *station {
	d.stations.Lock()
	defer d.stations.Unlock()
	st := d.current.Load()
	st.users++
	return st
}

func (d *Destination) leave(st *station) {
	d.stations.Lock()
	defer d.stations.Unlock()
	st.users--
	st.release()
}

func (st *station) release() {
	if st.left && st.users == 0 {
		close(st.unused)
	}
}

// errEnded is what Reconfigure says when it comes too late.
var errEnded = errors.New("the exporter is stopping")

// Reconfigure gives the destination another exporter and other settings. What is
// queued goes there from now on, batches that wait for a retry included, and the
// books go on. The old exporter is closed when its last attempt has ended, and
// then the returned channel. After an error, which says that the destination is
// draining, nothing has changed and the exporter is the caller's.
func (d *Destination) Reconfigure(ctx context.Context, e Exporter, s Settings) (<-chan struct{}, error) {
	if !d.queue.change(s.Queue.NumConsumers, s.MaxHeldBytes) {
		return nil, errEnded
	}
	st := newStation(e, s)
	st.begin(ctx)
	old := d.exchange(st)
	closed := make(chan struct{})
	d.closing.Go(func() {
		defer close(closed)
		<-old.unused
		if err := old.exporter.Close(context.WithoutCancel(ctx)); err != nil {
			d.log.Error("exporter was not closed cleanly after a change of the configuration", "error", err)
		}
	})
	return closed, nil
}

// exchange makes st the station and wakes who waits because of the old one.
func (d *Destination) exchange(st *station) (old *station) {
	d.stations.Lock()
	defer d.stations.Unlock()
	old = d.current.Swap(st)
	old.left = true
	old.release()
	d.notBefore.Store(0)
	close(d.changed)
	d.changed = make(chan struct{})
	return old
}

// changing returns a channel that is closed when the station is exchanged.
func (d *Destination) changing() <-chan struct{} {
	d.stations.Lock()
	defer d.stations.Unlock()
	return d.changed
}

// Bound sets how much memory the queue may keep alive; zero is no bound.
func (d *Destination) Bound(bytes int64) { d.queue.bound(bytes) }

// Retire ends a destination that no pipeline names any more: it takes nothing,
// sends what it has as it is configured, and closes the exporter. Run returns then.
func (d *Destination) Retire() { d.queue.close() }

// Ended is closed when Run has returned.
func (d *Destination) Ended() <-chan struct{} { return d.done }
