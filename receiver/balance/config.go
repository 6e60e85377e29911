package balance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// Policy is how the next instance is chosen.
type Policy string

// The policies.
const (
	// RoundRobin takes one instance after the other, from a random one on.
	RoundRobin Policy = "round_robin"
	// Random takes any, each as likely as the others.
	Random Policy = "random"
	// LeastConnections takes the one with the fewest requests in flight, and of
	// several the one that was not taken for the longest time.
	LeastConnections Policy = "least_connections"
	// ConsistentHash takes the same one for the same key. When an instance comes or
	// goes, only keys that it gets or had move. Everybody with the same instances
	// makes the same choice.
	ConsistentHash Policy = "consistent_hash"
)

// Policies returns every policy.
func Policies() []Policy { return []Policy{RoundRobin, Random, LeastConnections, ConsistentHash} }

// Config is how a Balancer balances. Its zero value takes turns among all
// instances, and never ejects one.
type Config struct {
	Policy     Policy        `yaml:"policy" doc:"How the next instance is chosen. consistent_hash sends what has the same hash_key to the same instance." enum:"round_robin|random|least_connections|consistent_hash"`
	Zone       string        `yaml:"zone" doc:"The zone that this process is in, as the registry calls it, such as ${env:ZONE}."`
	PreferZone bool          `yaml:"prefer_zone" doc:"Send to instances in zone, as far as that gives each of them no more than 1.4 times an even share of what all zones send; the rest goes to other zones, and all of it while none of them works."`
	SlowStart  time.Duration `yaml:"slow_start" doc:"Send to an instance that is new, or was ejected, less than to the others for this time; 0 sends alike at once. consistent_hash always does." min:"0s"`
	Ejection   Ejection      `yaml:"ejection" doc:"When an instance that fails is left out."`
}

// Ejection is when an instance that fails is left out for a time.
type Ejection struct {
	ConsecutiveFailures int           `yaml:"consecutive_failures" doc:"Leave an instance out after so many failures one after the other; 0 never does. After its return the first failure is enough." min:"0"`
	BaseTime            time.Duration `yaml:"base_time" doc:"Leave it out for this time at first, and for twice as long each further time." min:"1ms"`
	MaxTime             time.Duration `yaml:"max_time" doc:"Never leave it out for longer." min:"1ms"`
	MaxPercent          int           `yaml:"max_ejection_percent" doc:"Leave out no more than this share of the instances at the same time. With 100, all are used when all are out." unit:"percent" min:"0" max:"100"`
}

// DefaultConfig returns what is sensible for backends that are alike.
func DefaultConfig() Config {
	return Config{
		Policy: RoundRobin, PreferZone: true, SlowStart: 2 * time.Second,
		Ejection: Ejection{ConsecutiveFailures: 5, BaseTime: 10 * time.Second, MaxTime: 5 * time.Minute, MaxPercent: 50},
	}
}

// Validate checks what one value alone does not show. Its errors name the key.
func (c *Config) Validate() error {
	if !slices.Contains(Policies(), c.Policy) {
		return invalid.Key("policy", "%q is not known: use %s", string(c.Policy), policyNames())
	}
	return c.Ejection.validate()
}

func (e *Ejection) validate() error {
	switch {
	case e.ConsecutiveFailures > 0 && e.MaxTime < e.BaseTime:
		return invalid.Key("ejection.max_time", "%s is below base_time %s", e.MaxTime, e.BaseTime)
	case e.MaxPercent < 0 || e.MaxPercent > 100:
		return invalid.Key("ejection.max_ejection_percent", "%d is no share: 0 to 100", e.MaxPercent)
	}
	return nil
}

func policyNames() string {
	var names []string
	for _, p := range Policies() {
		names = append(names, string(p))
	}
	last := len(names) - 1
	return fmt.Sprintf("%s or %s", strings.Join(names[:last], ", "), names[last])
}
