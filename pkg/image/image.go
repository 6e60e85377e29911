// Package image makes, reads and moves the container images of otlpctl. It needs no
// container engine; pkg/engine has the builder that uses one.
package image

import "time"

// What every image of otlpctl has, whoever built it. Manifests and the Dockerfile rely on it.
const (
	// User owns the process and the folders, by this name and number.
	User = "otlp"
	UID  = 1000
	// RunAs is what a container runs as. It is a number, as Kubernetes cannot tell from a name that
	// it is not root's.
	RunAs = "1000:1000"
	// AppFolder is the working folder, with the program and its configuration in it.
	AppFolder  = "/app"
	BinaryPath = "/app/otlpctl"
	ConfigPath = "/app/config.yaml"
	// DataFolder is for what outlives the container.
	DataFolder = "/data"
)

// Repository is the name of an image that nobody has named.
const Repository = "otlpctl"

// What labels say of every image.
const (
	Description = "OpenTelemetry receiver: takes traces, metrics and logs over OTLP and forwards them"
	Maintainer  = "The otlpctl authors <otlpctl@users.noreply.github.com>"
	License     = "Apache-2.0"
)

// Entrypoint returns the program that a container runs.
func Entrypoint() []string { return []string{BinaryPath} }

// Command returns the program's arguments if the container is given none.
func Command() []string { return []string{"serve", "--config", ConfigPath} }

// Ports returns what the embedded configuration listens on: gRPC, HTTP, admin.
func Ports() []string { return []string{"4317/tcp", "4318/tcp", "8888/tcp"} }

// Environment returns the variables that the image sets. None of them belongs to the configuration:
// a variable outranks a file, and would pin what the file is there to change.
func Environment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:" + AppFolder, "GOTRACEBACK=all"}
}

// HealthCheck is when the image's health check runs. Docker and Podman obey it; OCI has no such field,
// and Kubernetes has probes of its own.
type HealthCheck struct {
	Test                           []string
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
}

// Health returns the health check: the program asks itself, as there is no other in the image.
func Health() HealthCheck {
	return HealthCheck{
		Test:     append([]string{"CMD", BinaryPath}, append(Command(), "--health-check")...),
		Interval: 30 * time.Second, Timeout: 3 * time.Second, StartPeriod: 5 * time.Second, Retries: 3,
	}
}
