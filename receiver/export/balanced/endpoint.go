package balanced

import (
	"net"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// Schemes returns the schemes of endpoints that name a service instead of an address.
func Schemes() []string {
	return []string{"consul", "dns", "etcd", "eureka", "kubernetes", "static"}
}

// Named reports whether an endpoint names a service: consul://…, dns://host:port.
// With a path, dns: is what gRPC resolves by itself (dns:///host:port).
func Named(endpoint string) bool {
	scheme, rest, ok := strings.Cut(Shown(endpoint), "://")
	return ok && slices.Contains(Schemes(), scheme) && (scheme != "dns" || !strings.Contains(rest, "/"))
}

// CheckEndpoint finds what whoever opens the URL must not even see. The error is
// about the key endpoint.
func CheckEndpoint(endpoint string) error {
	if _, _, secret := strings.Cut(authority(endpoint), "@"); secret {
		// The text itself is not shown.
		return invalid.Key("endpoint", "has a user or token before @: a registry's credentials do not belong in a URL, which is shown and logged; they come from the environment, as the registry's own tools have it")
	}
	return nil
}

// Check checks the section together with the exporter's endpoint.
func (c *Config) Check(endpoint string) error {
	if Named(endpoint) {
		return CheckEndpoint(endpoint)
	}
	if *c != DefaultConfig() && *c != (Config{}) {
		return invalid.Key("balance", "works only with an endpoint that names a service: one that begins with %s://", strings.Join(Schemes(), "://, "))
	}
	return nil
}

// authority returns what stands between the slashes of an endpoint's URL.
func authority(endpoint string) string {
	_, rest, _ := strings.Cut(endpoint, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// Shown returns an endpoint as it is shown: without its parameters.
func Shown(endpoint string) string {
	shown, _, _ := strings.Cut(endpoint, "?")
	return shown
}

// ServerName returns the name to expect in the certificates of the instances, if the
// endpoint has it: the host of dns://host:port. An instance is known by its address
// otherwise, which certificates seldom name.
func ServerName(endpoint string) string {
	if scheme, _, _ := strings.Cut(endpoint, "://"); scheme != "dns" {
		return ""
	}
	host, _, err := net.SplitHostPort(authority(endpoint))
	if err != nil || strings.HasPrefix(host, "_") || strings.Contains(endpoint, "type=srv") {
		return ""
	}
	return host
}
