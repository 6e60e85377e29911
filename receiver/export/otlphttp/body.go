package otlphttp

import (
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc/mem"
)

// upload is the body of a request. It has references of its own, because
// net/http may still read it when the request has ended, and gives them up when
// it is closed, which HTTP/2 does beside a Read.
type upload struct {
	mu     sync.Mutex
	reader *mem.Reader // nil once closed
}

func newUpload(data mem.BufferSlice) *upload { return &upload{reader: data.Reader()} }

var errUploadClosed = errors.New("read of a closed request body")

func (u *upload) Read(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reader == nil {
		return 0, errUploadClosed
	}
	return u.reader.Read(b)
}

func (u *upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reader == nil {
		return nil
	}
	err := u.reader.Close()
	u.reader = nil
	return err
}

var _ io.ReadCloser = (*upload)(nil)
