package register

import (
	"errors"
	"iter"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// Config is the section discovery: the registries that tell others where the receiver is. Without any it
// tells nobody.
type Config struct {
	Consul *Consul `yaml:"consul" doc:"Register with a Consul agent."`
	Etcd   *Etcd   `yaml:"etcd" doc:"Register in etcd, under a lease."`
	Eureka *Eureka `yaml:"eureka" doc:"Register with a Eureka server."`

	PropagationDelay time.Duration `yaml:"propagation_delay" doc:"Before a shutdown, keep serving this long after registries have forgotten the receiver, so that clients notice; service.shutdown.delay runs at the same time." min:"0s"`
}

// DefaultConfig returns the section of a receiver that nobody looks for.
func DefaultConfig() Config { return Config{PropagationDelay: 2 * time.Second} }

// Each returns each registry of the section, in a section of its own.
func (c Config) Each() iter.Seq2[string, Config] {
	return func(yield func(string, Config) bool) {
		if c.Consul != nil && !yield("consul", Config{Consul: c.Consul}) {
			return
		}
		if c.Etcd != nil && !yield("etcd", Config{Etcd: c.Etcd}) {
			return
		}
		if c.Eureka != nil {
			yield("eureka", Config{Eureka: c.Eureka})
		}
	}
}

// Registers reports whether there is any registry.
func (c Config) Registers() bool { return c.Consul != nil || c.Etcd != nil || c.Eureka != nil }

// Files returns the files that the section names, some of them empty.
func (c Config) Files() []string {
	var files []string
	add := func(t *tlsconf.Client) {
		if t != nil {
			files = append(files, t.Files()...)
		}
	}
	if c.Consul != nil {
		add(c.Consul.TLS)
	}
	if c.Etcd != nil {
		add(c.Etcd.TLS)
	}
	if c.Eureka != nil {
		add(c.Eureka.TLS)
	}
	return files
}

// Service is what all registries are told.
type Service struct {
	Name             string            `yaml:"name" doc:"Name of the service, under which clients look for it."`
	ID               string            `yaml:"id" doc:"Name of this instance, which no other may have; empty is NAME-UUID, new with each start."`
	AdvertiseAddress string            `yaml:"advertise_address" doc:"Host or IP address that clients are told. Empty is the address that the receiver listens on, if that is a certain one; else $POD_IP; else that from which the registry is reached."`
	Tags             []string          `yaml:"tags" doc:"Tags, beside grpc or http, otlp and the version."`
	Zone             string            `yaml:"zone" doc:"Where the receiver runs, so that clients nearby prefer it."`
	Meta             map[string]string `yaml:"meta" doc:"Further metadata, beside version, zone, config_hash, registered_at, the ports, and in Kubernetes pod_name and pod_namespace."`
}

func defaultService() Service { return Service{Name: "otlp-receiver"} }

// Consul is discovery.consul.
type Consul struct {
	Service `yaml:",inline"`

	Address    string          `yaml:"address" doc:"The agent: host:port, http://host:port, https://host:port or unix:///path."`
	Token      string          `yaml:"token" doc:"ACL token; empty is that of $CONSUL_HTTP_TOKEN, if there is one." secret:"true"`
	TokenFile  string          `yaml:"token_file" doc:"File with the ACL token, read for each request."`
	TLS        *tlsconf.Client `yaml:"tls" doc:"TLS to the agent."`
	Datacenter string          `yaml:"datacenter" doc:"Datacenter; empty is the agent's."`
	Namespace  string          `yaml:"namespace" doc:"Namespace, of Consul Enterprise."`
	Partition  string          `yaml:"partition" doc:"Admin partition, of Consul Enterprise."`
	Check      Check           `yaml:"check" doc:"How Consul finds out whether the receiver is well."`
}

// Check is discovery.consul.check.
type Check struct {
	Type                    string        `yaml:"type" doc:"http: the agent asks /health on the admin port. grpc: it asks grpc.health.v1 on the OTLP port. ttl: the receiver reports by itself, which reaches agents that cannot reach it." enum:"http|grpc|ttl"`
	Interval                time.Duration `yaml:"interval" doc:"How often the agent asks." min:"1s"`
	Timeout                 time.Duration `yaml:"timeout" doc:"How long it waits for an answer." min:"1ms"`
	TTL                     time.Duration `yaml:"ttl" doc:"With ttl: how long a report holds. There is one in each third of it." min:"3s"`
	DeregisterCriticalAfter time.Duration `yaml:"deregister_critical_after" doc:"The agent forgets a receiver that has not been well for this long; it looks every 30 seconds, and takes no less than a minute. 0 never forgets." min:"0s"`
	TLSSkipVerify           bool          `yaml:"tls_skip_verify" doc:"The agent takes any certificate of the receiver."`
}

// SetDefaults sets the defaults of discovery.consul.
func (c *Consul) SetDefaults() {
	*c = Consul{
		Service: defaultService(), Address: "127.0.0.1:8500",
		Check: Check{
			Type: "http", Interval: 10 * time.Second, Timeout: 3 * time.Second, TTL: 30 * time.Second, DeregisterCriticalAfter: time.Minute,
		},
	}
}

// Validate checks what can be checked without the registry.
func (c *Consul) Validate() error {
	errs := c.validate()
	if c.Token != "" && c.TokenFile != "" {
		errs = append(errs, problem{"token_file", "the token is in token already", "set one of them"})
	}
	if after := c.Check.DeregisterCriticalAfter; after > 0 && after < time.Minute {
		errs = append(errs, problem{"check.deregister_critical_after", "Consul takes no less than a minute", "write 1m, or 0 for never"})
	}
	return errors.Join(errs...)
}

// Etcd is discovery.etcd.
type Etcd struct {
	Service `yaml:",inline"`

	Endpoints []string        `yaml:"endpoints" doc:"The members of the cluster: host:port, http://host:port or https://host:port."`
	Prefix    string          `yaml:"prefix" doc:"Where the entries of services are: PREFIX/NAME/ID."`
	TTL       time.Duration   `yaml:"ttl" doc:"After this time without a sign of the receiver, its entry is gone." min:"3s"`
	Username  string          `yaml:"username" doc:"User, where etcd asks for one."`
	Password  string          `yaml:"password" doc:"Their password." secret:"true"`
	TLS       *tlsconf.Client `yaml:"tls" doc:"TLS to the members."`
}

// SetDefaults sets the defaults of discovery.etcd.
func (c *Etcd) SetDefaults() {
	*c = Etcd{Service: defaultService(), Endpoints: []string{"127.0.0.1:2379"}, Prefix: "/services", TTL: 30 * time.Second}
}

// Validate checks what can be checked without the registry.
func (c *Etcd) Validate() error {
	errs := c.validate()
	if len(c.Endpoints) == 0 {
		errs = append(errs, problem{"endpoints", "there is no member to ask", "write [127.0.0.1:2379]"})
	}
	if c.Prefix == "" || c.Prefix[0] != '/' {
		errs = append(errs, problem{"prefix", "is to begin with a slash", ""})
	}
	return errors.Join(errs...)
}

// Eureka is discovery.eureka.
type Eureka struct {
	Service `yaml:",inline"`

	URL      string          `yaml:"url" doc:"The server's REST interface, such as http://eureka:8761/eureka."`
	Username string          `yaml:"username" doc:"User, where the server asks for one."`
	Password string          `yaml:"password" doc:"Their password." secret:"true"`
	Interval time.Duration   `yaml:"interval" doc:"How often the receiver gives a sign of itself." min:"1s"`
	Lease    time.Duration   `yaml:"lease" doc:"After this time without one, the server forgets it." min:"2s"`
	TLS      *tlsconf.Client `yaml:"tls" doc:"TLS to the server."`
}

// SetDefaults sets the defaults of discovery.eureka.
func (c *Eureka) SetDefaults() {
	*c = Eureka{Service: defaultService(), URL: "http://127.0.0.1:8761/eureka", Interval: 30 * time.Second, Lease: 90 * time.Second}
}

// Validate checks what can be checked without the registry.
func (c *Eureka) Validate() error {
	errs := c.validate()
	if c.Lease <= c.Interval {
		errs = append(errs, problem{"lease", "is not longer than interval: the server would forget the receiver between two signs", "three times the interval is usual"})
	}
	return errors.Join(errs...)
}

func (s *Service) validate() []error {
	var errs []error
	if s.Name == "" || strings.ContainsAny(s.Name, "/ \t\n") {
		errs = append(errs, problem{"name", "is to be the name of the service, without spaces and slashes", ""})
	}
	if strings.ContainsAny(s.ID, "/ \t\n") {
		errs = append(errs, problem{"id", "is to have no spaces and slashes", ""})
	}
	host := strings.Trim(s.AdvertiseAddress, "[]")
	ip, err := netip.ParseAddr(host)
	_, foreign := registry.Addr(net.JoinHostPort(host, "1"), "")
	switch {
	case s.AdvertiseAddress == "":
	case err == nil && ip.IsUnspecified():
		errs = append(errs, problem{"advertise_address", s.AdvertiseAddress + " is no address that anybody could connect to", "write the address of this machine, or nothing"})
	case foreign != nil:
		errs = append(errs, problem{"advertise_address", "is to be a host or an IP address, without a port", "the ports are those of the configuration"})
	}
	return errs
}
