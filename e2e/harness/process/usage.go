package process

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a running process has cost so far.
type Usage struct {
	CPU     time.Duration // user and system time of all its threads, ended ones included
	RSS     int64         // resident bytes now
	PeakRSS int64         // most resident bytes ever
	FDs     int           // open file descriptors
}

// Usage reads the cost of the process; it fails once the process has ended.
func (p *Process) Usage() (Usage, error) {
	var u Usage
	var err error
	if u.CPU, err = cpuTime(p.PID()); err != nil {
		return Usage{}, fmt.Errorf("cpu time of %s: %w", p.spec.Name, err)
	}
	if u.RSS, u.PeakRSS, err = memory(p.PID()); err != nil {
		return Usage{}, fmt.Errorf("memory of %s: %w", p.spec.Name, err)
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
	if err != nil {
		return Usage{}, fmt.Errorf("descriptors of %s: %w", p.spec.Name, err)
	}
	u.FDs = len(fds)
	return u, nil
}

// cpuTime reads the CPU clock of another process. It is the counter behind utime+stime of /proc/PID/stat, but in
// nanoseconds instead of ticks of 10 ms, which matters when a run costs only a quarter of a second.
func cpuTime(pid int) (time.Duration, error) {
	const schedClock = 2 // CPUCLOCK_SCHED: the scheduler's exact run time
	clock := int32(^pid)<<3 | schedClock
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("clock_gettime: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}

func memory(pid int) (rss, peak int64, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		var into *int64
		switch name {
		case "VmRSS":
			into = &rss
		case "VmHWM":
			into = &peak
		default:
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", name, err)
		}
		*into = kib << 10
	}
	return rss, peak, lines.Err()
}
