package registry

import (
	"errors"
	"math/rand/v2"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// AnyOf watches through one of several hosts of a registry, the first that answers. It begins anywhere, so that clients spread
// over all of them.
func AnyOf(hosts []string, found func([]resolve.Instance), watch func(host string, found func([]resolve.Instance)) error) error {
	var faults []error
	begin := rand.IntN(len(hosts))
	for i := range hosts {
		answered := false
		err := watch(hosts[(begin+i)%len(hosts)], func(all []resolve.Instance) {
			answered = true
			found(all)
		})
		if answered || err == nil {
			return err
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
