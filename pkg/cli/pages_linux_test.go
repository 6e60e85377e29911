package cli

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestMappings(t *testing.T) {
	const smaps = `00400000-01a2b000 r-xp 00000000 fe:00 1234      /app/otlpctl
Size:              22700 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me sd
01a2b000-01b00000 r--p 01a2b000 fe:00 1234      /app/otlpctl
Anonymous:            12 kB
Swap:                  0 kB
01b00000-01c00000 r--p 01b2b000 fe:00 1234      /app/otlpctl
Anonymous:             0 kB
Swap:                  4 kB
02000000-02001000 rw-p 01c2b000 fe:00 1234      /app/otlpctl
Anonymous:             0 kB
02001000-02002000 r--s 01c2b000 fe:00 1234      /app/otlpctl
Anonymous:             0 kB
02002000-02003000 r--p 01c2b000 fe:00 1234      /app/otlpctl (deleted)
Anonymous:             0 kB
02003000-02004000 r--p 01c2b000 fe:00 1234      /app/otlpctl
c000000000-c000400000 rw-p 00000000 00:00 0
`
	var files []string
	for _, m := range mappings(strings.NewReader(smaps)) {
		if m.isFile() {
			files = append(files, strconv.FormatUint(uint64(m.start), 16)+" "+m.file)
		}
	}
	if got, want := strings.Join(files, ", "), "400000 /app/otlpctl, 2002000 /app/otlpctl (deleted)"; got != want {
		t.Errorf("files are %s, want %s", got, want)
	}
}

// The pages are gone from the process, and come back when they are needed.
func TestReleaseStartPages(t *testing.T) {
	fileRSS := func() int {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := bytes.Cut(status, []byte("RssFile:"))
		kilobytes, err := strconv.Atoi(string(bytes.Fields(after)[0]))
		if err != nil {
			t.Fatal(err)
		}
		return kilobytes
	}
	before := fileRSS()
	releaseStartPages()
	if after := fileRSS(); after >= before {
		t.Errorf("%d kB of files before, %d after", before, after)
	}
}
