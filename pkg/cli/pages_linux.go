package cli

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// releaseStartPages gives back the memory of the program file that only the start has used, more than half
// of what a receiver without load would occupy: the tables of types and functions are read once, from end
// to end. What is needed again comes back from the file, which the system keeps at hand as long as it likes.
// Nothing depends on it, so failures are of no interest.
func releaseStartPages() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for _, m := range mappings(maps) {
		if m.file == program && m.isFile() {
			// By address: this is no memory of Go's.
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
		}
	}
}

// mapping is a part of the process's memory, as /proc/PID/smaps has it (proc(5)).
type mapping struct {
	start, end uintptr
	access     string // r-xp
	file       string
	written    bool // it has pages that are no longer those of the file
	known      bool // whether it has
}

// isFile reports whether everything in it is in the file, too. What is only readable may have been written
// to before: addresses are filled in when a program is linked dynamically.
func (m mapping) isFile() bool {
	return m.known && !m.written && len(m.access) == 4 && m.access[1] == '-' && m.access[3] == 'p'
}

func mappings(smaps io.Reader) []mapping {
	var all []mapping
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if m, ok := parseMapping(fields); ok {
			all = append(all, m)
			continue
		}
		if len(all) == 0 || len(fields) != 3 {
			continue
		}
		last := &all[len(all)-1]
		switch fields[0] {
		case "Anonymous:":
			last.known = true
			last.written = last.written || fields[1] != "0"
		case "Swap:":
			last.written = last.written || fields[1] != "0"
		}
	}
	return all
}

// parseMapping reads "START-END ACCESS OFFSET DEVICE INODE [FILE]", with which a mapping begins.
func parseMapping(fields []string) (m mapping, ok bool) {
	if len(fields) < 5 {
		return mapping{}, false
	}
	start, end, _ := strings.Cut(fields[0], "-")
	first, err1 := strconv.ParseUint(start, 16, 64)
	last, err2 := strconv.ParseUint(end, 16, 64)
	if err1 != nil || err2 != nil || first >= last {
		return mapping{}, false
	}
	return mapping{start: uintptr(first), end: uintptr(last), access: fields[1], file: strings.Join(fields[5:], " ")}, true
}
