package kube

import (
	"log/slog"

	"k8s.io/klog/v2"
)

// Silence keeps the client libraries of Kubernetes from writing to standard error: what they log, they return as well.
// It holds for the whole process.
func Silence() { klog.SetSlogLogger(slog.New(slog.DiscardHandler)) }
