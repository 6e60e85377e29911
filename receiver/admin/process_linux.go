package admin

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

func (p *process) readSystem() {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		p.CPU = (time.Duration(usage.Utime.Nano()) + time.Duration(usage.Stime.Nano())).Seconds()
	}
	// The second number is the pages in memory.
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		if numbers := bytes.Fields(statm); len(numbers) > 1 {
			pages, _ := strconv.ParseUint(string(numbers[1]), 10, 64)
			p.Resident = pages * uint64(os.Getpagesize())
		}
	}
	if dir, err := os.Open("/proc/self/fd"); err == nil {
		names, _ := dir.Readdirnames(-1)
		_ = dir.Close()
		p.Files = uint64(max(len(names)-1, 0)) // without the directory itself
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		p.MaxFiles = limit.Cur
	}
}
