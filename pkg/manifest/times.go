package manifest

import (
	"fmt"
	"math"
	"time"
)

// graceMargin is what a pod has beyond the time that its shutdown takes at most: to write the last
// lines of the log, and for the clocks of node and receiver to differ.
const graceMargin = 5 * time.Second

// times are how long a pod takes to stop, in seconds.
type times struct {
	// preStop is how long the kubelet waits before it sends the signal.
	preStop int64
	// grace is after what time the kubelet kills: preStop is part of it.
	grace int64
}

// times adds up a shutdown. The delay that the receiver itself has serves the same end as the wait of
// the kubelet, and is counted once.
func (r *renderer) times() times {
	shutdown := r.Config.Service.Shutdown
	settle := time.Duration(r.deploy.PreStopSeconds) * time.Second
	preStop := max(0, settle-shutdown.Delay)
	return times{preStop: seconds(preStop), grace: seconds(preStop) + seconds(r.Notice()+shutdown.Timeout+graceMargin)}
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// checkTimes asks for times that are known, and that the kubelet can count.
func (r *renderer) checkTimes() {
	for _, path := range []string{"service.shutdown.delay", "service.shutdown.timeout"} {
		if r.Open(path) {
			r.fault(path, "is needed where the objects are made: the grace period of pods follows it", "write the time out")
		}
	}
	const most = 24 * time.Hour
	if shutdown := r.Config.Service.Shutdown; shutdown.Delay > most || shutdown.Timeout > most {
		r.fault("service.shutdown.timeout", fmt.Sprintf("lets a pod take %s to stop", shutdown.Delay+shutdown.Timeout), "a day at most can be rendered")
	}
}
