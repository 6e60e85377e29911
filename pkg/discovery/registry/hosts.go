package registry

import (
	"errors"
	"math/rand/v2"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// AnyOf watches through one of several hosts of a registry, the first that answers. It begins anywhere, so that clients spread
// over all of them.
func AnyOf(hosts []string, found func([]resolve.Instance), watch func(host string, found func([]resolve.Instance)) error) error {
	faults := make([]error, len(hosts)) // in the order of the hosts: the same ones are the same error
	begin := rand.IntN(len(hosts))
	for i := range hosts {
		answered := false
		at := (begin + i) % len(hosts)
		err := watch(hosts[at], func(all []resolve.Instance) {
			answered = true
			found(all)
		})
		if answered || err == nil {
			return err
		}
		faults[at] = err
	}
	return errors.Join(faults...)
}
