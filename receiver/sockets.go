package receiver

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/socket"
)

// sockets are the listening sockets of a generation, by the key of their address.
// Each is closed by the last server that has a turn on it.
type sockets map[socket.Address]*socket.Socket

// opening gathers the sockets of the next generation: those of the one before,
// where the address is the same, and new ones.
type opening struct {
	before sockets
	all    sockets
	fresh  []*socket.Socket
	listen socket.Opener // opens a new one
}

func newOpening(before sockets) *opening {
	return &opening{before: before, all: sockets{}, listen: ingest.Open}
}

// open is a socket.Opener.
func (o *opening) open(ctx context.Context, at socket.Address) (*socket.Socket, error) {
	key := at.Key()
	if s := o.before[key]; s != nil && o.all[key] == nil {
		o.all[key] = s
		return s, nil
	}
	s, err := o.listen(ctx, at)
	if errors.Is(err, syscall.EADDRINUSE) {
		for held := range o.before {
			if overlap(held.Address, at.Address) {
				return nil, heldError{address: at.Address, by: held.Address, err: err}
			}
		}
	}
	if err != nil {
		return nil, err
	}
	o.all[key] = s
	o.fresh = append(o.fresh, s)
	return s, nil
}

// keep takes over the sockets of a server that stays as it is.
func (o *opening) keep(addresses ...socket.Address) {
	for _, at := range addresses {
		o.all[at.Key()] = o.before[at.Key()]
	}
}

// abort closes what was opened anew.
func (o *opening) abort() error {
	var errs []error
	for _, s := range o.fresh {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// closeAllBut closes the sockets that nobody has a turn on yet.
func (s sockets) closeAllBut(kept sockets) {
	for key, socket := range s {
		if kept[key] == nil {
			_ = socket.Close() // nobody has used it
		}
	}
}

// heldError says that an address is taken by a listener of this process, which
// can be given up only when its successor is there.
type heldError struct {
	address, by string
	err         error
}

func (e heldError) Error() string {
	return fmt.Sprintf("%s overlaps %s, where this process listens until the change is made", e.address, e.by)
}

func (e heldError) Unwrap() error { return e.err }
