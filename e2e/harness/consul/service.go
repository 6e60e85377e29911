package consul

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Service is an instance of a service, as the agent's interface takes it. No other of the agent may have its ID.
type Service struct {
	ID      string
	Name    string
	Address string
	Port    int
	Tags    []string          `json:",omitempty"`
	Meta    map[string]string `json:",omitempty"`
	Check   *Check            `json:",omitempty"`
}

// Check is one that is told how the instance is. Status is how it is at first: registering the instance again does not change it.
type Check struct {
	TTL    string
	Status string // passing, warning or critical
}

// Register registers an instance, or changes it.
func (a *Agent) Register(ctx context.Context, s Service) error {
	return a.Ask(ctx, http.MethodPut, "/v1/agent/service/register", s, nil)
}

// Deregister removes an instance.
func (a *Agent) Deregister(ctx context.Context, id string) error {
	return a.Ask(ctx, http.MethodPut, "/v1/agent/service/deregister/"+url.PathEscape(id), nil, nil)
}

// Pass says that an instance with a check is well.
func (a *Agent) Pass(ctx context.Context, id string) error {
	return a.Ask(ctx, http.MethodPut, "/v1/agent/check/pass/service:"+url.PathEscape(id), nil, nil)
}

// Maintain puts an instance into maintenance, or takes it out.
func (a *Agent) Maintain(ctx context.Context, id string, on bool) error {
	return a.Ask(ctx, http.MethodPut, "/v1/agent/service/maintenance/"+url.PathEscape(id)+"?enable="+strconv.FormatBool(on), nil, nil)
}
