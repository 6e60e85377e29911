package manifest

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// checkResult finds what would keep the pods from starting. It looks at the objects as templates and
// patches have left them.
func (r *renderer) checkResult() error {
	c, found, err := r.receiver()
	if err != nil || !found || len(c.EnvFrom) > 0 {
		return err // what EnvFrom brings is known in the cluster only
	}
	for _, v := range r.Variables {
		given := slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == v.Name })
		if v.Required && !given {
			r.fault(v.Path, "refers to the variable "+v.Name+", which the pod does not have",
				"set deploy.env."+v.Name+", or deploy.secret_env."+v.Name+": SECRET/KEY if it is a secret")
		}
	}
	if len(r.faults) > 0 {
		return r.faults
	}
	return nil
}

// receiver returns the container of the receiver.
func (r *renderer) receiver() (c corev1.Container, found bool, err error) {
	for _, u := range r.set {
		if u.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
			return c, false, err
		}
		for _, c := range d.Spec.Template.Spec.Containers {
			if c.Name == containerName {
				return c, true, nil
			}
		}
	}
	return c, false, nil
}

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
		r.doubt(path, fmt.Sprintf("%d of the %d pods that high availability takes: %s", least, available, lost(least)), fmt.Sprintf("set it to %d or more", available))
	}
	if d.Autoscaling.Enabled && r.Origins.Set("deploy.replicas") && d.Replicas != d.Autoscaling.MinReplicas {
		r.doubt("deploy.replicas", "has no effect: autoscaling decides on the number of pods", "set deploy.autoscaling.min_replicas, or enabled: false there")
	}
	if r.image.moves {
		r.doubt("deploy.image", "has a tag that moves: pods of one rollout may run different programs, and undo cannot go back", "name a version or a digest")
	}
	if d.ExistingSecret != "" && len(r.Secrets) > 0 {
		r.doubt("deploy.existing_secret", "must have the keys "+strings.Join(sortedKeys(r.Secrets), ", ")+": their values are in this configuration, and are not deployed", "take them out of the configuration")
	}
	if admin, reachable := r.admin(); d.Service.Type != "ClusterIP" && reachable {
		r.doubt("deploy.service.type", fmt.Sprintf("lets the outside reach the admin port %d too", admin.Port), "send telemetry through deploy.ingress or deploy.gateway, or take the port out with --patch")
	}
	r.warnQueues()
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
