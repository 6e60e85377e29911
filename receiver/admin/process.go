package admin

import (
	"math"
	"os"
	"runtime"
	"runtime/metrics"
)

// process is what the system and the Go runtime say about the process. What a
// system does not tell is zero.
type process struct {
	PID        int     `json:"pid"`
	Go         string  `json:"go"`
	CPU        float64 `json:"cpu_seconds"`
	Resident   uint64  `json:"resident_bytes"`
	Heap       uint64  `json:"heap_bytes"`
	Runtime    uint64  `json:"runtime_bytes"`
	Limit      uint64  `json:"memory_limit_bytes"`
	Goroutines uint64  `json:"goroutines"`
	MaxProcs   uint64  `json:"gomaxprocs"`
	Files      uint64  `json:"open_files"`
	MaxFiles   uint64  `json:"max_open_files"`
}

// readProcess takes some tens of microseconds.
func readProcess() process {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/gc/gomemlimit:bytes"},
		{Name: "/sched/goroutines:goroutines"},
		{Name: "/sched/gomaxprocs:threads"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return samples[i].Value.Uint64()
	}
	p := process{
		PID: os.Getpid(), Go: runtime.Version(),
		Heap: value(0), Runtime: value(1), Limit: value(2), Goroutines: value(3), MaxProcs: value(4),
	}
	if p.Limit == math.MaxInt64 {
		p.Limit = 0 // none
	}
	p.readSystem()
	return p
}
