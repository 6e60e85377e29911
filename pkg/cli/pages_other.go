//go:build !linux

package cli

// releaseStartPages does nothing: these systems have no such advice, or count memory in another way.
func releaseStartPages() {}
