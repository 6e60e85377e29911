package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// coldBuild bounds the wait for another process that builds the same program.
const coldBuild = 30 * time.Minute

// Lock takes an exclusive lock between processes, waiting as long as the slowest build takes. The kernel releases it
// when its holder dies.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	err = wait.Until(ctx, coldBuild, "the lock "+path, func() (ok bool, err error) {
		unlock, ok, err = TryLock(path)
		return ok, err
	})
	return unlock, err
}

// TryLock is Lock without waiting: ok says whether the lock was free.
func TryLock(path string) (unlock func(), ok bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, false, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, true, nil // closing releases the lock
}
