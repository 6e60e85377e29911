package ready

import (
	"strings"
	"time"

	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
)

// refused judges a ReplicaSet whose pods the API server does not take.
func refused(c appsv1.ReplicaSetCondition, now time.Time) State {
	since := now.Sub(c.LastTransitionTime.Time)
	s := stuck("%s", because("cannot create pods", refusal(c.Message)))
	if strings.Contains(c.Message, "exceeded quota") {
		s.room = true
		return s.finally(since >= roomPatience)
	}
	return s.finally(since >= orderPatience)
}

// refusal cuts the name of the pod off, which there never was.
func refusal(message string) string {
	_, after, found := strings.Cut(message, " is forbidden: ")
	if found && strings.HasPrefix(message, "pods ") {
		return after
	}
	return message
}
