package config

import "time"

// Gate is deploy.gate. A figure above its bound still passes if it is at most twice that of the old pods.
type Gate struct {
	Enabled               bool          `yaml:"enabled" doc:"Judge a new revision by what its pods count; the flag --gate does so once."`
	Window                time.Duration `yaml:"window" doc:"How long new pods are watched: the first ones before any other pod is replaced, and all of them in the end." min:"1s" max:"1h"`
	MinItems              int64         `yaml:"min_items" doc:"How many spans, data points, log records and profiles the new pods must have accepted together by the end of a window; with 0, none is worth a warning." unit:"items" min:"0"`
	MaxRefusedRatio       float64       `yaml:"max_refused_ratio" doc:"Share of its requests that a new pod may refuse; what clients have broken off does not count." min:"0" max:"1"`
	MaxExportFailureRatio float64       `yaml:"max_export_failure_ratio" doc:"Share of the attempts of an exporter that may fail." min:"0" max:"1"`
	MaxLostItems          int64         `yaml:"max_lost_items" doc:"How many items a new pod may lose: dropped, or rejected by a backend." unit:"items" min:"0"`
	MaxRestarts           int32         `yaml:"max_restarts" doc:"How often a new pod may be restarted." unit:"restarts" min:"0" max:"1000"`
	MaxQueueFill          float64       `yaml:"max_queue_fill" doc:"Share of its capacity that a queue may have in use at any time." min:"0" max:"1"`
	MaxQueueAge           time.Duration `yaml:"max_queue_age" doc:"How old the oldest request in a queue may be at any time." min:"0s" max:"24h"`
}

// defaultGate returns the defaults of deploy.gate.
func defaultGate() Gate {
	return Gate{
		Window: time.Minute, MaxRefusedRatio: 0.05, MaxExportFailureRatio: 0.1, MaxQueueFill: 0.8, MaxQueueAge: 30 * time.Second,
	}
}

// CheckGate finds what would keep a gate from reading what pods count: it asks their admin port, through the
// API server.
func (p Portable) CheckGate() error {
	listeners, _ := p.Listeners()
	for _, l := range listeners {
		if l.Path == "admin.endpoint" && l.IsLoopback() {
			return Errors{p.Finding(l.Path, "listens on "+l.Host+", where a gate cannot ask for what a pod counts",
				"listen on 0.0.0.0 or ${env:POD_IP}, or deploy without a gate: --gate=false")}
		}
	}
	const clients = "admin.tls.client_ca_file"
	if tls := p.Config.Admin.TLS; tls != nil && (tls.ClientCAFile != "" || p.Open(clients)) {
		return Errors{p.Finding(clients, "wants certificates of clients, and the API server through which a gate asks a pod has none",
			"leave it out, or deploy without a gate: --gate=false")}
	}
	return nil
}
