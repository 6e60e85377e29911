//go:build !linux

package admin

// readSystem has nothing to add: the receiver is operated on Linux, and runs
// elsewhere for development.
func (p *process) readSystem() {}
