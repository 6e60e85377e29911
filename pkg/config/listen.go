package config

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/receiver"
)

// Listener is a port on which the receiver listens.
type Listener struct {
	// Path is the key that says so.
	Path string
	// Protocol is grpc, http or metrics; the first listener for metrics is the admin port.
	Protocol string
	// Name tells several receivers apart: it is what follows the slash in otlp/NAME.
	Name string
	// Host may be a reference.
	Host string
	Port int
	// TLS says that the port speaks nothing else.
	TLS bool
}

// IsLoopback reports whether only the pod or container itself can reach the listener.
func (l Listener) IsLoopback() bool {
	ip, err := netip.ParseAddr(l.Host)
	return l.Host == "localhost" || err == nil && ip.IsLoopback()
}

// Listeners returns all ports on which the receiver listens, those for OTLP first, and the paths of
// those keys whose port is not known here: a reference, or any port. Sockets in the file system are
// neither.
func (l Loaded) Listeners() (known []Listener, open []string) {
	add := func(at Listener, endpoint string) {
		if written, refers := l.doc.written[at.Path]; refers {
			endpoint = written
		}
		host, port, err := splitAddress(endpoint)
		if err == nil {
			at.Host = host
			at.Port, err = strconv.Atoi(port)
		}
		if err != nil || at.Port < 1 || at.Port > 65535 {
			open = append(open, at.Path)
			return
		}
		known = append(known, at)
	}
	for _, id := range l.Config.Named(func(p receiver.PipelineConfig) []receiver.ID { return p.Receivers }) {
		l.receiverListeners(id, add)
	}
	add(Listener{Path: "admin.endpoint", Protocol: "metrics", TLS: l.Config.Admin.TLS != nil}, l.Config.Admin.Endpoint)
	l.metricsListeners(add)
	return withoutTwins(known), open
}

// AllListeners returns the Listeners, and the errors of those whose port is not known here.
func (p Portable) AllListeners() ([]Listener, error) {
	known, open := p.Listeners()
	var faults Errors
	for _, path := range open {
		faults = append(faults, p.Finding(path, "the port is not known where the objects are made", "write the port out, such as ${env:POD_IP}:4317"))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return known, nil
}

func (l Loaded) receiverListeners(id receiver.ID, add func(Listener, string)) {
	otlp := l.Config.Receivers[id]
	if otlp == nil {
		return
	}
	path := "receivers." + string(id) + ".protocols."
	_, name, _ := strings.Cut(string(id), "/")
	if g := otlp.Protocols.GRPC; g != nil && g.Transport != "unix" {
		add(Listener{Path: path + "grpc.endpoint", Protocol: "grpc", Name: name, TLS: g.TLS != nil}, g.Endpoint)
	}
	if h := otlp.Protocols.HTTP; h != nil && h.Transport != "unix" {
		add(Listener{Path: path + "http.endpoint", Protocol: "http", Name: name, TLS: h.TLS != nil}, h.Endpoint)
	}
}

// metricsListeners adds the addresses for metrics beside the admin port.
func (l Loaded) metricsListeners(add func(Listener, string)) {
	m := l.Config.Service.Telemetry.Metrics
	if m.Level == "none" {
		return
	}
	const section = "service.telemetry.metrics."
	if m.Address != "" || l.Open(section+"address") {
		add(Listener{Path: section + "address", Protocol: "metrics"}, m.Address)
	}
	for i, r := range m.Readers {
		at := section + "readers[" + strconv.Itoa(i) + "].pull.exporter.prometheus"
		reader := r.Pull.Exporter.Prometheus
		host, port := reader.Host, strconv.Itoa(reader.Port)
		if written, open := l.doc.written[at+".host"]; open {
			host = written
		}
		add(Listener{Path: at + ".port", Protocol: "metrics"}, joinAddress(host, port))
	}
}

// withoutTwins leaves one listener for each port: a Service and a pod name a port once, and
// metrics that the admin port offers as well are offered once.
func withoutTwins(all []Listener) []Listener {
	seen := map[int]bool{}
	return slices.DeleteFunc(all, func(l Listener) bool {
		twin := seen[l.Port]
		seen[l.Port] = true
		return twin
	})
}
