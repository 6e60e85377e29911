// Package consul finds the instances of a service that a Consul agent knows and that pass their checks. What it takes to reach
// the agent comes from the environment, in the variables of the consul command.
package consul

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/go-hclog"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// defaultPort is that of an agent's HTTP interface.
const defaultPort = "8500"

// advice is for who cannot reach the agent.
func advice() registry.Advice {
	return registry.Advice{
		Start: "is the agent running? CONSUL_HTTP_ADDR or the URL says where",
		TLS:   "the parameter tls=true or tls=false, or CONSUL_HTTP_SSL, says whether it speaks TLS",
		Trust: "CONSUL_CACERT names the file with its certificate authority, CONSUL_TLS_SERVER_NAME its name",
	}
}

// environment returns the settings of the consul command.
func environment() (*api.Config, error) {
	for _, name := range []string{api.HTTPSSLEnvName, api.HTTPSSLVerifyEnvName} {
		if text := os.Getenv(name); text != "" {
			if _, err := strconv.ParseBool(text); err != nil {
				return nil, fmt.Errorf("%s=%s: want true or false", name, text)
			}
		}
	}
	conf := api.DefaultConfigWithLogger(hclog.NewNullLogger())
	conf.Transport = registry.Transport(nil)
	return conf, nil
}

// configure adds what a URL says to the environment.
func configure(t registry.Target) (*api.Config, error) {
	conf, err := environment()
	if err != nil {
		return nil, err
	}
	switch len(t.Hosts) {
	case 0:
	case 1:
		if conf.Address, err = registry.Addr(t.Hosts[0], defaultPort); err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
	default:
		return nil, hinted.New(fmt.Errorf("%s: there is one agent, not %d", t, len(t.Hosts)), "name the agent of this machine: it knows the servers")
	}
	secure, err := t.Flag(paramTLS, conf.Scheme == "https")
	if err != nil {
		return nil, err
	}
	conf.Scheme = "http"
	if secure {
		conf.Scheme = "https"
	}
	conf.Datacenter = t.Query.Get(paramDatacenter)
	conf.Namespace = cmp.Or(t.Query.Get(paramNamespace), conf.Namespace)
	conf.Partition = cmp.Or(t.Query.Get(paramPartition), conf.Partition)
	return conf, nil
}

// connect makes a client. It asks the agent nothing.
func connect(conf *api.Config) (*api.Client, error) {
	client, err := api.NewClient(conf)
	if err != nil {
		return nil, hinted.New(fmt.Errorf("consul: %s", lower(err.Error())), "see the variables CONSUL_HTTP_ADDR, CONSUL_CACERT, CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY and CONSUL_HTTP_TOKEN_FILE")
	}
	return client, nil
}

func lower(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// asked is what an error depends on beside the agent: how it was said which agent is meant, and what it takes to ask.
type asked struct {
	advice     registry.Advice
	rights     string // such as service:read
	datacenter string // where one is named, as the end of a sentence
}

// byURL is for who names a service in a URL.
func byURL() asked {
	return asked{advice: advice(), rights: "service:read and node:read", datacenter: "the parameter dc names another datacenter"}
}

// explain says why an agent could not be asked.
func (a asked) explain(who string, err error) error {
	token := "CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE has the token; it takes " + a.rights
	var status api.StatusError
	switch {
	case errors.Is(err, errBlind):
		return hinted.New(fmt.Errorf("%s %w", who, err), token)
	case !errors.As(err, &status):
		return a.advice.Explain(who, err)
	}
	text := strings.Join(strings.Fields(status.Body), " ")
	said := fmt.Errorf("%s answers %d: %s", who, status.Code, text)
	switch {
	case status.Code == 403, status.Code == 401:
		return hinted.New(said, token)
	case strings.Contains(text, "No cluster leader"):
		return hinted.New(fmt.Errorf("%s has no cluster leader", who), "the Consul servers elect one, or too few of them run")
	case strings.Contains(text, "No path to datacenter"):
		return hinted.New(said, a.datacenter)
	case status.Code == 400 && strings.Contains(text, "HTTPS server"):
		return hinted.New(fmt.Errorf("%s speaks TLS only", who), a.advice.TLS)
	case status.Code == 429:
		return hinted.New(said, "the agent limits its clients: see http_max_conns_per_client and limits of its configuration")
	}
	return said
}
