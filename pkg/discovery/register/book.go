package register

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errForgotten says that the registry does not know an entry any more.
var errForgotten = errors.New("the registry has forgotten the receiver")

// takenError says that the entry with the receiver's ID has become that of another one.
type takenError struct{ id, by string }

func (e *takenError) Error() string {
	return fmt.Sprintf("the ID %s is in use by %s, too: each instance needs its own (the key id of the section)", e.id, e.by)
}

func isTaken(err error) bool {
	_, taken := errors.AsType[*takenError](err)
	return taken
}

// book is a registry: what holds entries. Each call is one attempt.
type book interface {
	// kind is consul, etcd or eureka.
	kind() string
	// address is that of the registry, for people; reached is host:port that packets go to.
	address() string
	reached() string
	// place names the entry with an ID: two books with the same place write to the same entry.
	place(id string) string
	// put makes an entry known, or changes it.
	put(ctx context.Context, e entry) error
	// confirm gives a sign of an entry, or looks whether it is there. The error is errForgotten if it is not,
	// and a *takenError if another receiver has it, as far as the registry tells.
	confirm(ctx context.Context, e entry) error
	// remove makes it unknown. That it is not known is no error.
	remove(ctx context.Context, id string) error
	// probe asks whether the registry is there, and changes nothing.
	probe(ctx context.Context) error
	// every is how long there may be between two signs.
	every() time.Duration
	// close ends connections.
	close()
}
