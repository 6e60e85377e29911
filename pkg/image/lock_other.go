//go:build !unix || solaris || aix

package image

import (
	"context"
	"os"
)

// lock does nothing: folders have no locks here. Builds into one layout are for one at a time.
func lock(context.Context, *os.Root) (unlock func(), err error) { return func() {}, nil }
