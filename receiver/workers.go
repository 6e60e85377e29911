package receiver

import "runtime"

// setWorkers bounds how many processors run Go code at the same time. 0 is all
// that the process may use, as the runtime finds out and keeps watching.
func setWorkers(n int) {
	if n == 0 {
		runtime.SetDefaultGOMAXPROCS()
		return
	}
	runtime.GOMAXPROCS(n)
}
