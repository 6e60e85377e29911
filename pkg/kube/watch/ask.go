package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Ask reads what a pod tells on /status, through the API server. T has the parts that are wanted. Its errors are
// about the pod.
func Ask[T any](ctx context.Context, api API, pod *corev1.Pod) (*T, error) {
	target, ok := adminPort(pod)
	if !ok {
		return nil, errors.New("its probes do not say where its admin port is")
	}
	limited, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	told, err := get[T](limited, api, at(core, pod.Namespace, "pods", target, "proxy", "status"), nil)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("it does not answer within %s", statusTimeout)
	case err != nil:
		return nil, errors.New(strings.TrimSpace(err.Error()))
	}
	return told, nil
}
