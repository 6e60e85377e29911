package receiver

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Memory is how much memory the process may use, in bytes, and how it is shared out.
type Memory struct {
	// Total is the limit of the Go runtime (GOMEMLIMIT), of the control group, or
	// all of the machine's memory.
	Total uint64
	// InFlight bounds what requests hold that are not yet admitted.
	InFlight int64
	// Queues bounds what all queues hold together.
	Queues int64
}

// softShare is the share of a control group's limit that the Go heap may fill:
// the rest is for stacks, the runtime and the page cache.
const softShare = 0.9

// fallbackMemory is assumed where neither a limit nor the machine's size is known.
const fallbackMemory = 1 << 30

// PlanMemory finds out how much memory there is and shares it out. Inside a
// control group with a limit it sets GOMEMLIMIT accordingly, unless that is set.
func PlanMemory() Memory {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		if group, err := memlimit.FromCgroup(); err == nil && group > 0 && group < math.MaxInt64 {
			limit = int64(float64(group) * softShare)
			debug.SetMemoryLimit(limit)
		} else if system, err := memlimit.FromSystem(); err == nil && system > 0 {
			limit = int64(system / 2) // shared with whatever else runs on the machine
		} else {
			limit = fallbackMemory
		}
	}
	return Memory{Total: uint64(limit), InFlight: limit / 5 * 2, Queues: limit / 5 * 2}
}
