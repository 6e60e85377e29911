//go:build !linux

package ingest

// readiness is a connection's way to wait for data before it has a buffer. Only
// Linux has one here.
type readiness struct{}

// prepare sets what has to be set on a new connection.
func (*conn) prepare() {}
