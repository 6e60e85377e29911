package consul

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Access says which agent is meant, where the variables of the consul command do not or say something else. The zero value is what
// they say.
type Access struct {
	// Address is HOST[:PORT], http://HOST:PORT, https://HOST:PORT or unix:///PATH.
	Address string
	// TokenFile is a file with the ACL token.
	TokenFile string
	// Datacenter is that of what is asked for; empty is the agent's own.
	Datacenter string
	// Namespace and Partition are those of Consul Enterprise.
	Namespace, Partition string
}

// Agent is an agent that is asked about registrations, or told to change them.
type Agent struct {
	*api.Client

	// Datacenter is that which was asked for; empty is the agent's own.
	Datacenter string
	// OnThisMachine says that the agent is reached on the loopback or a socket.
	OnThisMachine bool

	who       string
	anonymous bool
}

// Reach returns an agent. It reads the files that the environment and the Access name, and asks the agent nothing.
func Reach(a Access) (*Agent, error) {
	conf, err := a.config()
	if err != nil {
		return nil, err
	}
	client, err := connect(conf)
	if err != nil {
		return nil, err
	}
	where := shown(conf.Address)
	return &Agent{
		Client: client, Datacenter: a.Datacenter, OnThisMachine: isLocal(where),
		who: "consul " + where, anonymous: conf.Token == "" && conf.TokenFile == "",
	}, nil
}

// config adds an Access to the environment.
func (a Access) config() (*api.Config, error) {
	conf, err := environment()
	if err != nil {
		return nil, err
	}
	if a.Address != "" {
		if conf.Address, err = a.address(); err != nil {
			return nil, err
		}
	}
	if a.TokenFile != "" {
		if err := checkTokenFile(a.TokenFile); err != nil {
			return nil, err
		}
		conf.Token, conf.TokenFile = "", a.TokenFile
	}
	set := func(to *string, value string) {
		if value != "" {
			*to = value
		}
	}
	set(&conf.Datacenter, a.Datacenter)
	set(&conf.Namespace, a.Namespace)
	set(&conf.Partition, a.Partition)
	return conf, nil
}

func (a Access) address() (string, error) {
	if strings.Contains(a.Address, "@") {
		return "", hinted.New(errors.New("an address is no place for a user or a password"), "CONSUL_HTTP_AUTH has them")
	}
	if strings.Contains(a.Address, "://") {
		return a.Address, nil
	}
	return registry.Addr(a.Address, defaultPort)
}

// checkTokenFile finds what the client would pass over: a file without a token stands for the token of the environment there.
func checkTokenFile(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return fmt.Errorf("the file with the token: %w", err)
	case strings.TrimSpace(string(text)) == "":
		return fmt.Errorf("the file with the token, %s, is empty", path)
	}
	return nil
}

// isLocal reports whether an address without its scheme is one of this machine alone.
func isLocal(address string) bool {
	if strings.HasPrefix(address, "/") {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// String names the agent and its address.
func (a *Agent) String() string { return a.who }

// Explain says why the agent could not be asked, and what to do. rights are those that it takes, such as service:read.
func (a *Agent) Explain(err error, rights string) error {
	if err == nil {
		return nil
	}
	by := byURL()
	by.advice.Start = "is the agent running? CONSUL_HTTP_ADDR or --http-addr says where"
	by.advice.TLS = "an address that begins with https:// or http://, or CONSUL_HTTP_SSL, says whether it speaks TLS"
	by.rights, by.datacenter = rights, "is it the right --datacenter?"
	return by.explain(a.who, err)
}

// Sees returns an error if an answer without anything may be so for lack of a token.
func (a *Agent) Sees(meta *api.QueryMeta) error {
	if meta != nil && isBlind(meta, a.anonymous) {
		return errBlind
	}
	return nil
}
