package register

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/presence"
)

// consul is an agent of Consul.
type consul struct {
	section *Consul
	at      endpoint
	client  *api.Client
	http    *http.Client
	told    time.Time // of an entry, the last time
}

// settling is how long an agent may take to pass an entry on to the servers. What is taken out before may stay with
// them for a minute: the agent takes it for done when they answer about the entry.
const settling = 500 * time.Millisecond

func newConsul(c *Consul) (*consul, error) {
	at, err := parseEndpoint(c.Address, "8500", c.TLS)
	if err != nil {
		return nil, underKey("address", err)
	}
	h, err := at.client(c.TLS)
	if err != nil {
		return nil, underKey("tls", err)
	}
	if _, err := c.token(); err != nil {
		return nil, underKey("token_file", err)
	}
	client, err := api.NewClient(&api.Config{
		Address: at.host, Scheme: at.scheme, PathPrefix: at.path, HttpClient: h,
		Datacenter: c.Datacenter, Namespace: c.Namespace, Partition: c.Partition,
	})
	if err != nil {
		return nil, underKey("address", err)
	}
	return &consul{section: c, at: at, client: client, http: h}, nil
}

// token returns the ACL token. An empty one leaves it to the agent.
func (c *Consul) token() (string, error) {
	if c.TokenFile == "" {
		return c.Token, nil
	}
	text, err := os.ReadFile(c.TokenFile)
	return strings.TrimSpace(string(text)), err
}

func (c *consul) kind() string    { return "consul" }
func (c *consul) address() string { return c.at.String() }
func (c *consul) reached() string { return c.at.reached() }
func (c *consul) close()          { c.http.CloseIdleConnections() }

func (c *consul) place(id string) string {
	return strings.Join([]string{c.address(), c.section.Namespace, c.section.Partition, id}, " ")
}

// every is how soon a lost registration is noticed, and in the case of TTL a third of it.
func (c *consul) every() time.Duration {
	if check := c.section.Check; check.Type == "ttl" {
		return check.TTL / 3
	}
	return c.section.Check.Interval
}

func (c *consul) query(ctx context.Context) (*api.QueryOptions, error) {
	token, err := c.section.token()
	if err != nil {
		return nil, err
	}
	return (&api.QueryOptions{Token: token}).WithContext(ctx), nil
}

func (c *consul) put(ctx context.Context, e entry) error {
	check, err := c.check(e)
	if err != nil {
		return err
	}
	token, err := c.section.token()
	if err != nil {
		return err
	}
	// The zone is in the metadata alone: agents before 1.16 refuse a locality.
	registration := &api.AgentServiceRegistration{
		ID: e.id, Name: e.service, Address: e.host, Port: e.port, Tags: e.tags, Meta: e.meta, Check: check,
		Namespace: c.section.Namespace, Partition: c.section.Partition,
	}
	err = c.client.Agent().ServiceRegisterOpts(registration, api.ServiceRegisterOpts{ReplaceExistingChecks: true, Token: token}.WithContext(ctx))
	c.told = time.Now()
	return c.explain(err)
}

// checkID is the name of the one check of an entry.
func checkID(id string) string { return "service:" + id }

func (c *consul) check(e entry) (*api.AgentServiceCheck, error) {
	s := c.section.Check
	check := &api.AgentServiceCheck{CheckID: checkID(e.id), Status: api.HealthPassing}
	if s.DeregisterCriticalAfter > 0 {
		check.DeregisterCriticalServiceAfter = s.DeregisterCriticalAfter.String()
	}
	switch s.Type {
	case "ttl":
		check.TTL = s.TTL.String()
		return check, nil
	case "grpc":
		if e.main.Protocol != "grpc" {
			return nil, errors.New("a check of the type grpc needs a receiver that listens for gRPC")
		}
		if err := plain(e.main, "ttl"); err != nil {
			return nil, err
		}
		check.GRPC, check.GRPCUseTLS = e.addr(), e.main.TLS
	default:
		if err := plain(e.admin, "grpc or ttl"); err != nil {
			return nil, err
		}
		at := url.URL{Scheme: "http", Host: e.adminAt, Path: "/health"}
		if e.admin.TLS {
			at.Scheme = "https"
		}
		check.HTTP = at.String()
	}
	check.Interval, check.Timeout, check.TLSSkipVerify = s.Interval.String(), s.Timeout.String(), s.TLSSkipVerify
	return check, nil
}

// plain says that an agent has no certificate to show.
func plain(e presence.Endpoint, instead string) error {
	if e.ClientCert {
		return fmt.Errorf("the agent has no certificate that %s would take: set discovery.consul.check.type to %s", e.Addr, instead)
	}
	return nil
}

func (c *consul) confirm(ctx context.Context, e entry) error {
	query, err := c.query(ctx)
	if err != nil {
		return err
	}
	if c.section.Check.Type == "ttl" {
		err = c.client.Agent().UpdateTTLOpts(checkID(e.id), "takes telemetry", api.HealthPassing, query)
	} else {
		err = c.look(e, query)
	}
	if isForgotten(err) {
		return errForgotten
	}
	return c.explain(err)
}

// look looks whether the entry is there, and still that of this receiver.
func (c *consul) look(e entry, query *api.QueryOptions) error {
	there, _, err := c.client.Agent().Service(e.id, query)
	if err != nil {
		return err
	}
	if there.Address != e.host || there.Port != e.port {
		return &takenError{e.id, net.JoinHostPort(there.Address, strconv.Itoa(there.Port))}
	}
	return nil
}

func (c *consul) remove(ctx context.Context, id string) error {
	query, err := c.query(ctx)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(settling - time.Since(c.told)):
	}
	err = c.client.Agent().ServiceDeregisterOpts(id, query)
	if isForgotten(err) {
		return nil
	}
	return c.explain(err)
}

func (c *consul) probe(ctx context.Context) error {
	query, err := c.query(ctx)
	if err != nil {
		return err
	}
	leader, err := c.client.Status().LeaderWithQueryOptions(query)
	if err == nil && leader == "" {
		err = fmt.Errorf("consul at %s has no leader", c.at)
	}
	return c.explain(err)
}

// isForgotten reports whether an agent does not know a service, or its check: it says so in several ways.
func isForgotten(err error) bool {
	s, ok := errors.AsType[api.StatusError](err)
	return ok && (s.Code == http.StatusNotFound ||
		s.Code == http.StatusInternalServerError && (strings.Contains(s.Body, "Unknown check") || strings.Contains(s.Body, "does not have associated TTL")))
}

// explain says what to do about an error.
func (c *consul) explain(err error) error {
	s, ok := errors.AsType[api.StatusError](err)
	switch {
	case err == nil:
		return nil
	case ok && s.Code == http.StatusForbidden:
		return fmt.Errorf("consul at %s refuses the token: it needs the policy service:write for %q (discovery.consul.token)", c.at, c.section.Name)
	case ok && strings.Contains(s.Body, "No cluster leader"):
		return fmt.Errorf("consul at %s has no leader", c.at)
	case ok:
		return fmt.Errorf("consul at %s answers %d: %s", c.at, s.Code, strings.TrimSpace(s.Body))
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return registry.Advice{Start: "is the agent running? discovery.consul.address says where", TLS: "see discovery.consul.tls", Trust: "discovery.consul.tls.ca_file names its certificate authority"}.Explain("consul at "+c.at.String(), err)
	}
	return err
}
