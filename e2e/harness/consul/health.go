package consul

import (
	"context"
	"net/http"
	"net/url"
)

// Entry is an instance of a service as Consul tells it to clients.
type Entry struct {
	Service struct {
		ID      string
		Name    string `json:"Service"`
		Address string
		Port    int
		Tags    []string
		Meta    map[string]string
	}
	Checks []struct {
		ServiceID string
		Status    string // passing, warning or critical
	}
}

// Status returns what the check of the instance says.
func (e Entry) Status() string {
	for _, c := range e.Checks {
		if c.ServiceID == e.Service.ID {
			return c.Status
		}
	}
	return ""
}

// Output returns the last words of the check of an instance, which the agent knows at once and other agents minutes later.
func (a *Agent) Output(ctx context.Context, id string) (string, error) {
	var checks map[string]struct{ ServiceID, Output string }
	err := a.Ask(ctx, http.MethodGet, "/v1/agent/checks", nil, &checks)
	for _, c := range checks {
		if c.ServiceID == id {
			return c.Output, err
		}
	}
	return "", err
}

// Entries returns all instances of a service, whatever their checks say.
func (a *Agent) Entries(ctx context.Context, service string) ([]Entry, error) {
	var all []Entry
	err := a.Ask(ctx, http.MethodGet, "/v1/health/service/"+url.PathEscape(service), nil, &all)
	return all, err
}
