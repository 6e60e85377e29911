package ready

import (
	"strings"
	"time"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// event returns the latest event of a reason.
func (j judge) event(reason string) (latest corev1.Event, found bool) {
	for _, e := range j.events {
		if e.Reason == reason && (!found || EventTime(e).After(EventTime(latest))) {
			latest, found = e, true
		}
	}
	return latest, found
}

// probeEvent returns the latest event about a probe, by what its message begins with.
func (j judge) probeEvent(probe string) (latest corev1.Event, found bool) {
	for _, e := range j.events {
		isOf := e.Reason == "Unhealthy" && strings.HasPrefix(e.Message, probe+" probe")
		if isOf && (!found || EventTime(e).After(EventTime(latest))) {
			latest, found = e, true
		}
	}
	return latest, found
}

// Times returns how often an event happened.
func Times(e corev1.Event) int32 {
	if e.Series != nil {
		return e.Series.Count
	}
	return max(e.Count, 1)
}

// EventTime is when an event happened last. There are two generations of events, which tell it in
// different fields.
func EventTime(e corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// firstTime is when an event happened first.
func firstTime(e corev1.Event) time.Time {
	switch {
	case !e.FirstTimestamp.IsZero():
		return e.FirstTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// isMissing says that something is not there, rather than slow.
func isMissing(message string) bool {
	return strings.Contains(message, "not found") || strings.Contains(message, "references non-existent")
}

// mountText leaves out what a reader knows already.
func mountText(message string) string {
	message = strings.TrimPrefix(message, "MountVolume.SetUp failed for ")
	message = strings.TrimPrefix(message, "AttachVolume.Attach failed for ")
	return strings.Replace(message, " : ", ": ", 1)
}
