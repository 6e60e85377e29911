package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// sizeText returns a number of bytes as people read it, in powers of ten as registries and engines do.
func sizeText(bytes int64) string {
	switch {
	case bytes < 1e3:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1e6:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	case bytes < 1e9:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(bytes)/1e9)
}

// sizeFlag is a number of bytes, written with its unit.
type sizeFlag int64

func (f *sizeFlag) String() string {
	if *f == 0 {
		return ""
	}
	return strings.ReplaceAll(sizeText(int64(*f)), " ", "")
}

// Type names the value in help texts.
func (*sizeFlag) Type() string { return "size" }

// Set reads a size such as 48MB or 48MiB.
func (f *sizeFlag) Set(text string) error {
	units := []struct {
		name  string
		bytes float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}
	for _, unit := range units {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || math.IsNaN(n) || n*unit.bytes < 1 || n*unit.bytes > math.MaxInt64/2 {
			break
		}
		*f = sizeFlag(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("want a size such as 48MB, in B, kB, MB, GB, KiB, MiB or GiB")
}
