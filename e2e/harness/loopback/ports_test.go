package loopback

import (
	"path/filepath"
	"testing"
)

// Nobody is given a port that another has, in this process or in another one: what tells them apart is who opened the file.
func TestPortsAreGivenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ports")
	one, other := newPorts(path), newPorts(path)
	f := func(p *ports, want bool) {
		t.Helper()
		if got, err := p.take(firstPort); got != want || err != nil {
			t.Errorf("taken: %v, %v, want %v", got, err, want)
		}
	}
	f(one, true)
	f(one, false)
	f(other, false)
	if err := one.file.Close(); err != nil {
		t.Fatal(err)
	}
	f(other, true)
	if err := other.file.Close(); err != nil {
		t.Fatal(err)
	}
}
