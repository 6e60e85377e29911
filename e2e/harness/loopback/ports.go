package loopback

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// ports are those that this process has given away.
type ports struct {
	path string // of the file

	mu    sync.Mutex
	given map[int]bool
	file  *os.File // has a locked byte for each of them, which other processes see
}

func newPorts(path string) *ports { return &ports{path: path, given: map[int]bool{}} }

//nolint:gochecknoglobals // it is the process that ports are given to
var given = newPorts(filepath.Join(os.TempDir(), "otlpctl-e2e-ports"))

// take reserves a port for as long as the process lives, and returns false if another one was faster.
func (p *ports) take(port int) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given[port] {
		return false, nil
	}
	if p.file == nil {
		file, err := os.OpenFile(p.path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return false, err
		}
		p.file = file
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: int64(port), Len: 1}
	err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_SETLK, &lock)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock a byte of %s: %w", p.file.Name(), err)
	}
	p.given[port] = true
	return true, nil
}
