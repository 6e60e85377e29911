//go:build unix && !solaris && !aix

package image

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lock keeps other builds out of a folder until unlock is called, and waits for one that is in it. The
// system forgets the lock with the process. Where the file system has no locks there is none.
func lock(ctx context.Context, folder *os.Root) (unlock func(), err error) {
	handle, err := folder.Open(".")
	if err != nil {
		return nil, withoutPath(err)
	}
	const pause = 50 * time.Millisecond
	for {
		err := syscall.Flock(int(handle.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // descriptors are small
		if !errors.Is(err, syscall.EWOULDBLOCK) {                               // it is locked, or has no locks
			return func() { _ = handle.Close() }, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), handle.Close())
		case <-time.After(pause):
		}
	}
}
