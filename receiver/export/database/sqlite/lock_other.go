//go:build !windows && (!unix || solaris || aix)

package sqlite

import "os"

// lockFile does nothing: there are no such locks here, and SQLite's own keep the file whole.
func lockFile(*os.File) error { return nil }
