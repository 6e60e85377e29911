package watch

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
)

// registriesAnnotation, of a Deployment, names the registries in which its pods make themselves known.
const registriesAnnotation = "otlpctl.io/registries"

// Registry is how far the pods are known in a registry, by what they say themselves. In JSON it is API.
type Registry struct {
	OtherState

	Registered int `json:"registered"`
	// Pods is how many pods could be asked.
	Pods int `json:"pods"`
}

// registrations is what a pod says of registries on /status.
type registrations struct {
	Registrations []struct {
		Registry   string `json:"registry"`
		Registered bool   `json:"registered"`
		Error      string `json:"error"`
	} `json:"registrations"`
}

// registries asks the pods, if they register themselves anywhere.
func (l *look) registries(ctx context.Context) []Registry {
	names := l.objects.Deployment.Annotations[registriesAnnotation]
	if names == "" {
		return nil
	}
	pods := l.objects.Pods
	told := make([]*registrations, len(pods))
	var asking sync.WaitGroup
	for i, pod := range pods {
		if !isRunning(pod) {
			continue
		}
		asking.Go(func() {
			said, err := Ask[registrations](ctx, l.api, pod)
			if err != nil {
				l.cannot("registrations of pod/"+pod.Name, err)
				return
			}
			told[i] = said
		})
	}
	asking.Wait()
	var all []Registry
	for name := range strings.SplitSeq(names, ",") {
		r := Registry{OtherState: OtherState{Name: name}}
		problem := ""
		for i, said := range told {
			if said != nil {
				r.count(*said, pods[i].Name, &problem)
			}
		}
		r.State = ready.State{Phase: ready.Ready, Why: fmt.Sprintf("knows %d of %d pods", r.Registered, r.Pods) + problem}
		switch {
		case r.Pods == 0:
			r.State = ready.State{Phase: ready.Progressing, Why: "no pod could be asked"}
		case r.Registered < r.Pods:
			r.Phase = ready.Progressing
		}
		all = append(all, r)
	}
	return all
}

// count adds what one pod says. The first problem is kept.
func (r *Registry) count(said registrations, pod string, problem *string) {
	r.Pods++
	for _, one := range said.Registrations {
		switch {
		case one.Registry != r.Name:
		case one.Registered:
			r.Registered++
		case *problem == "" && one.Error != "":
			*problem = "; pod/" + pod + ": " + one.Error
		}
	}
}
