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

// IsLoopback reports whether only the pod itself can reach the listener.
func (l Listener) IsLoopback() bool {
	ip, err := netip.ParseAddr(l.Host)
	return l.Host == "localhost" || err == nil && ip.IsLoopback()
}

// Listeners returns all ports on which the receiver listens, those for OTLP first, and the errors of
// those whose port is not known here. Sockets in the file system are none.
func (p Portable) Listeners() ([]Listener, error) {
	var all []Listener
	var faults Errors
	add := func(l Listener, endpoint string) {
		if written, open := p.doc.written[l.Path]; open {
			endpoint = written
		}
		host, port, err := splitAddress(endpoint)
		if err == nil {
			l.Host = host
			l.Port, err = strconv.Atoi(port)
		}
		if err != nil || l.Port < 1 || l.Port > 65535 {
			faults = append(faults, p.Finding(l.Path, "the port is not known where the objects are made", "write the port out, such as ${env:POD_IP}:4317"))
			return
		}
		all = append(all, l)
	}
	for _, id := range p.used(func(c receiver.PipelineConfig) []receiver.ID { return c.Receivers }) {
		p.receiverListeners(id, add)
	}
	add(Listener{Path: "admin.endpoint", Protocol: "metrics", TLS: p.Config.Admin.TLS != nil}, p.Config.Admin.Endpoint)
	p.metricsListeners(add)
	if len(faults) > 0 {
		return nil, faults
	}
	return withoutTwins(all), nil
}

// used returns the components of one kind that a pipeline names.
func (p Portable) used(kind func(receiver.PipelineConfig) []receiver.ID) []receiver.ID {
	var ids []receiver.ID
	for _, pipeline := range p.Config.Service.Pipelines {
		ids = append(ids, kind(pipeline)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (p Portable) receiverListeners(id receiver.ID, add func(Listener, string)) {
	otlp := p.Config.Receivers[id]
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
func (p Portable) metricsListeners(add func(Listener, string)) {
	m := p.Config.Service.Telemetry.Metrics
	if m.Level == "none" {
		return
	}
	const section = "service.telemetry.metrics."
	if m.Address != "" || p.Open(section+"address") {
		add(Listener{Path: section + "address", Protocol: "metrics"}, m.Address)
	}
	for i, r := range m.Readers {
		at := section + "readers[" + strconv.Itoa(i) + "].pull.exporter.prometheus"
		reader := r.Pull.Exporter.Prometheus
		host, port := reader.Host, strconv.Itoa(reader.Port)
		if written, open := p.doc.written[at+".host"]; open {
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
