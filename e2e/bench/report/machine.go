package report

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine says where and with what a benchmark ran.
type Machine struct {
	CPU    string
	Cores  int
	Kernel string
	Go     string
	Commit string // of the checkout; "+" marks changes that are not committed
}

// ThisMachine describes the machine; what cannot be found out stays empty.
func ThisMachine(ctx context.Context) Machine {
	return Machine{
		CPU: cpuModel(), Cores: runtime.NumCPU(), Kernel: kernel(), Go: runtime.Version(), Commit: commit(ctx),
	}
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return "Linux " + strings.TrimSpace(string(text))
}

func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return ""
	}
	id := strings.TrimSpace(string(out))
	if changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output(); err == nil && len(changes) > 0 {
		id += "+"
	}
	return id
}
