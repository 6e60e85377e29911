package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// LimiterConfig is processors.memory_limiter: when requests are refused to keep
// the process within its memory.
type LimiterConfig struct {
	CheckInterval        time.Duration `yaml:"check_interval" doc:"How often memory is looked at." min:"1ms"`
	LimitMiB             uint64        `yaml:"limit_mib" doc:"The most memory that the heap may take." unit:"MiB"`
	SpikeLimitMiB        uint64        `yaml:"spike_limit_mib" doc:"Requests are refused this far below the limit; a fifth of it by default." unit:"MiB"`
	LimitPercentage      uint64        `yaml:"limit_percentage" doc:"The limit as a share of the memory that the process may use, if limit_mib is not set." unit:"percent" max:"100"`
	SpikeLimitPercentage uint64        `yaml:"spike_limit_percentage" doc:"spike_limit_mib as a share of the memory that the process may use." unit:"percent" max:"100"`
}

// DefaultLimiterConfig returns the defaults of processors.memory_limiter.
func DefaultLimiterConfig() LimiterConfig { return LimiterConfig{CheckInterval: time.Second} }

// Validate checks what concerns several keys.
func (c *LimiterConfig) Validate() error {
	switch {
	case c.LimitMiB == 0 && c.LimitPercentage == 0:
		return invalid.Key("limit_mib", "must be set, or limit_percentage")
	case c.LimitMiB > 0 && c.SpikeLimitMiB >= c.LimitMiB:
		return invalid.Key("spike_limit_mib", "%d must be below limit_mib %d", c.SpikeLimitMiB, c.LimitMiB)
	case c.LimitMiB == 0 && c.SpikeLimitPercentage >= c.LimitPercentage:
		return invalid.Key("spike_limit_percentage", "%d must be below limit_percentage %d", c.SpikeLimitPercentage, c.LimitPercentage)
	}
	return nil
}

// Limiter refuses requests while the heap is near its limit.
type Limiter struct {
	interval   time.Duration
	hard, soft uint64 // bytes
	log        *slog.Logger
	used       atomic.Uint64
	refusing   atomic.Bool
}

// NewLimiter returns a Limiter. total is the memory that the process may use, in
// bytes; percentages are of it.
func NewLimiter(c LimiterConfig, total uint64, log *slog.Logger) *Limiter {
	l := &Limiter{interval: c.CheckInterval, log: log, hard: c.LimitMiB << 20}
	spike := c.SpikeLimitMiB << 20
	if c.LimitMiB == 0 {
		l.hard = total / 100 * c.LimitPercentage
		spike = total / 100 * c.SpikeLimitPercentage
	}
	if spike == 0 {
		spike = l.hard / 5
	}
	l.soft = l.hard - spike
	return l
}

// Run looks at memory until ctx ends.
func (l *Limiter) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			l.check(heapInUse())
		}
	}
}

// check decides by the heap's size, collecting garbage first above the hard limit.
func (l *Limiter) check(used uint64) {
	if used > l.hard {
		runtime.GC()
		used = heapInUse()
	}
	l.used.Store(used)
	refuse := used > l.soft
	if l.refusing.Swap(refuse) != refuse {
		if refuse {
			l.log.Warn("memory is short: refusing requests", "heap_mib", used>>20, "soft_limit_mib", l.soft>>20, "limit_mib", l.hard>>20)
		} else {
			l.log.Info("memory is free again: accepting requests", "heap_mib", used>>20)
		}
	}
}

func (l *Limiter) overloaded() error {
	if !l.refusing.Load() {
		return nil
	}
	after := max(l.interval, time.Second)
	return &OverloadError{What: fmt.Sprintf("memory is short: the heap holds %d MiB of %d", l.used.Load()>>20, l.hard>>20), After: after}
}

// heapInUse returns the bytes of live objects and of garbage not yet collected.
func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return math.MaxUint64 // the runtime no longer has this metric: fail closed
	}
	return sample[0].Value.Uint64()
}
