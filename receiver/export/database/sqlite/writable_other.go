//go:build !unix

package sqlite

import "os"

// writable returns why a file cannot be opened to read and write. No lock depends on that here.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // a file that the configuration names
	if err != nil {
		return err
	}
	return f.Close()
}
