package config

import (
	"github.com/otlpctl/otlpctl/pkg/discovery/register"
	"github.com/otlpctl/otlpctl/receiver"
)

// Model is the whole configuration as files write it: the receiver's own form
// and a short one for its most common settings. The short form is a second name
// for values of the long one and decides nothing by itself.
type Model struct {
	Short           `yaml:",inline"` // first: what is wrong in it is not reported again where it leads to
	receiver.Config `yaml:",inline"`

	Discovery register.Config `yaml:"discovery" doc:"The registries that tell clients where the receiver is."`
	Deploy    Deploy          `yaml:"deploy" doc:"How the receiver runs in a cluster; it does not look at this section itself."`
}

// Validate checks what concerns more than one component.
func (m *Model) Validate() error { return m.Config.Validate() }

// Short is the short form.
type Short struct {
	Server   ServerSection   `yaml:"server" doc:"Short form: where OTLP over gRPC is received, and by how much of the machine."`
	OTLP     OTLPSection     `yaml:"otlp" doc:"Short form: the receiver's addresses, batches and timeouts."`
	Database DatabaseSection `yaml:"database" doc:"Short form: a database that takes everything."`
	Logging  LoggingSection  `yaml:"logging" doc:"Short form: the receiver's own log."`
}

// ServerSection is the section server.
type ServerSection struct {
	Host    string `yaml:"host" doc:"Short for the host in receivers.otlp.protocols.grpc.endpoint."`
	Port    int    `yaml:"port" doc:"Short for the port in receivers.otlp.protocols.grpc.endpoint." min:"1" max:"65535"`
	Workers int    `yaml:"workers" doc:"Short for service.workers." min:"0" max:"1024"`
}

// OTLPSection is the section otlp.
type OTLPSection struct {
	GRPCEndpoint   string  `yaml:"grpc_endpoint" doc:"Short for receivers.otlp.protocols.grpc.endpoint."`
	HTTPEndpoint   string  `yaml:"http_endpoint" doc:"Short for receivers.otlp.protocols.http.endpoint."`
	BatchSize      int     `yaml:"batch_size" doc:"Short for processors.batch.send_batch_size." unit:"items" min:"1" max:"10000"`
	TimeoutSeconds float64 `yaml:"timeout_seconds" doc:"Short for the timeout of every exporter that has one." unit:"seconds" min:"0" max:"3600"`
}

// DatabaseSection is the section database.
type DatabaseSection struct {
	URL            string `yaml:"url" doc:"Short for exporters.database.url, with that exporter in every pipeline." secret:"true"`
	MaxConnections int    `yaml:"max_connections" doc:"Short for exporters.database.max_connections." unit:"connections" min:"1" max:"1000"`
}

// LoggingSection is the section logging.
type LoggingSection struct {
	Level  string `yaml:"level" doc:"Short for service.telemetry.logs.level." enum:"debug|info|warn|error" fold:"true"`
	Format string `yaml:"format" doc:"Short for service.telemetry.logs.encoding; text is console." enum:"json|text"`
}

// placeError is an error of Validate about one key.
type placeError struct{ key, problem, hint string }

func (e placeError) Error() string      { return e.key + ": " + e.problem }
func (e placeError) ConfigPath() string { return e.key }
func (e placeError) Problem() string    { return e.problem }
func (e placeError) ConfigHint() string { return e.hint }
