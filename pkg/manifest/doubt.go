package manifest

import (
	"fmt"
	"strings"
)

// available is how many pods it takes to survive a failure while one is being replaced.
const available = 3

// warn tells what can be deployed but should not stay that way.
func (r *renderer) warn() {
	d := r.deploy
	if least := d.LeastReplicas(); least < available {
		path := "deploy.replicas"
		if d.Autoscaling.Enabled {
			path = "deploy.autoscaling.min_replicas"
		}
		r.doubt(path, TooFew(least), fmt.Sprintf("set it to %d or more", available))
	}
	if d.Autoscaling.Enabled && r.Origins.Set("deploy.replicas") && d.Replicas != d.Autoscaling.MinReplicas {
		r.doubt("deploy.replicas", "has no effect: autoscaling decides on the number of pods", "set deploy.autoscaling.min_replicas, or enabled: false there")
	}
	if r.image.moves {
		r.doubt("deploy.image", movingImage, movingImageHint)
	}
	if d.ExistingSecret != "" && len(r.Secrets) > 0 {
		r.doubt("deploy.existing_secret", "must have the keys "+strings.Join(sortedKeys(r.Secrets), ", ")+": their values are in this configuration, and are not deployed", "take them out of the configuration")
	}
	if admin, reachable := r.admin(); d.Service.Type != "ClusterIP" && reachable {
		r.doubt("deploy.service.type", fmt.Sprintf("lets the outside reach the admin port %d too", admin.Port), "send telemetry through deploy.ingress or deploy.gateway, or take the port out with --patch")
	}
	r.warnQueues()
}

// TooFew says what a deployment of so few pods does not survive; empty is that there are enough.
func TooFew(pods int) string {
	if pods >= available {
		return ""
	}
	return fmt.Sprintf("%d of the %d pods that high availability takes: %s", pods, available, lost(pods))
}

// lost says what a deployment of so few pods does not survive.
func lost(pods int) string {
	switch pods {
	case 0:
		return "nothing is received"
	case 1:
		return "whenever the pod or its node stops, nothing is received until another one is ready"
	}
	return "when a node fails during an update, nothing may be left"
}

// warnQueues compares what queues may hold with what autoscaling aims at: a backend that is down
// would fill them everywhere, and more pods do not empty them.
func (r *renderer) warnQueues() {
	a := r.deploy.Autoscaling
	requested := r.quantity("resources.requests.memory", r.deploy.Resources.Requests.Memory)
	if !a.Enabled || a.MemoryUtilization == 0 || requested == nil || r.memory == 0 {
		return
	}
	// The receiver never gives more than this to its queues.
	most := heapLimit(r.memory) / 5 * 2
	if held, bounded := r.QueueBytes(); bounded {
		most = min(most, held)
	}
	if target := requested.Value() / 100 * int64(a.MemoryUtilization); most > target {
		r.doubt("deploy.autoscaling.memory_utilization",
			fmt.Sprintf("aims at %s a pod, and the queues alone may hold %s: with the backend down, there will be as many pods as there may be", memoryText(target), memoryText(most)),
			"raise deploy.resources.requests.memory, bound the queues (sending_queue.sizer: bytes), or set it to 0")
	}
}
