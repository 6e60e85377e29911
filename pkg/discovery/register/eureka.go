package register

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// eureka is a Eureka server, by its REST interface (Netflix/eureka, "Eureka REST operations").
type eureka struct {
	section *Eureka
	at      endpoint
	http    *http.Client
}

func newEureka(c *Eureka) (*eureka, error) {
	at, err := parseURL(c.URL, "8761", c.TLS)
	if err != nil {
		return nil, underKey("url", err)
	}
	h, err := at.client(c.TLS)
	if err != nil {
		return nil, underKey("tls", err)
	}
	return &eureka{section: c, at: at, http: h}, nil
}

func (r *eureka) kind() string         { return "eureka" }
func (r *eureka) address() string      { return r.at.String() }
func (r *eureka) reached() string      { return r.at.reached() }
func (r *eureka) close()               { r.http.CloseIdleConnections() }
func (r *eureka) every() time.Duration { return r.section.Interval }

func (r *eureka) place(id string) string { return r.address() + " " + r.app() + " " + id }

// The documents of the interface. Numbers of ports are under "$", as they were in XML.
type (
	eurekaRegistration struct {
		Instance eurekaInstance `json:"instance"`
	}
	eurekaInstance struct {
		InstanceID string            `json:"instanceId"`
		HostName   string            `json:"hostName"`
		App        string            `json:"app"`
		IPAddr     string            `json:"ipAddr"`
		VIPAddress string            `json:"vipAddress"`
		Status     string            `json:"status"`
		Port       eurekaPort        `json:"port"`
		SecurePort eurekaPort        `json:"securePort"`
		HealthURL  string            `json:"healthCheckUrl,omitempty"`
		DataCenter eurekaDataCenter  `json:"dataCenterInfo"`
		Lease      eurekaLease       `json:"leaseInfo"`
		Metadata   map[string]string `json:"metadata"`
	}
	eurekaPort struct {
		Number  int    `json:"$"`
		Enabled string `json:"@enabled"`
	}
	eurekaDataCenter struct {
		Class string `json:"@class"`
		Name  string `json:"name"`
	}
	eurekaLease struct {
		Renewal  int `json:"renewalIntervalInSecs"`
		Duration int `json:"durationInSecs"`
	}
)

func (r *eureka) app() string { return strings.ToUpper(r.section.Name) }

func (r *eureka) put(ctx context.Context, e entry) error {
	port, secure := eurekaPort{e.port, "true"}, eurekaPort{e.port, "false"}
	if e.main.TLS {
		port, secure = secure, port
	}
	meta := map[string]string{"tags": strings.Join(e.tags, ",")}
	maps.Copy(meta, e.meta)
	i := eurekaInstance{
		InstanceID: e.id, HostName: e.host, App: r.app(), IPAddr: e.host, VIPAddress: e.service, Status: "UP",
		Port: port, SecurePort: secure, Metadata: meta,
		DataCenter: eurekaDataCenter{"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", "MyOwn"},
		Lease:      eurekaLease{int(r.section.Interval.Seconds()), int(r.section.Lease.Seconds())},
	}
	if e.adminAt != "" && !e.admin.TLS {
		i.HealthURL = "http://" + e.adminAt + "/health"
	}
	body, err := json.Marshal(eurekaRegistration{i})
	if err != nil {
		return err
	}
	return r.call(ctx, http.MethodPost, nil, body)
}

func (r *eureka) confirm(ctx context.Context, e entry) error {
	return r.call(ctx, http.MethodPut, &e.id, nil)
}

func (r *eureka) remove(ctx context.Context, id string) error {
	err := r.call(ctx, http.MethodDelete, &id, nil)
	if err == errForgotten { //nolint:errorlint // it is never wrapped
		return nil
	}
	return err
}

// probe asks for all instances of the service, which there may be none of.
func (r *eureka) probe(ctx context.Context) error {
	none := ""
	err := r.call(ctx, http.MethodGet, &none, nil)
	if err == errForgotten { //nolint:errorlint // it is never wrapped
		return nil
	}
	return err
}

// call makes a request about the application, or about an instance of it.
func (r *eureka) call(ctx context.Context, method string, id *string, body []byte) error {
	path := "/apps/" + url.PathEscape(r.app())
	if id != nil && *id != "" {
		path += "/" + url.PathEscape(*id)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.at.String()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if r.section.Username != "" {
		request.SetBasicAuth(r.section.Username, r.section.Password)
	}
	answer, err := r.http.Do(request)
	if err != nil {
		return registry.Advice{Start: "is the server running? discovery.eureka.url says where", TLS: "see discovery.eureka.tls", Trust: "discovery.eureka.tls.ca_file names its certificate authority"}.Explain("eureka at "+r.at.String(), err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // the connection is used again
	switch {
	case answer.StatusCode/100 == 2:
		return nil
	case answer.StatusCode == http.StatusNotFound && id != nil:
		return errForgotten
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("eureka at %s refuses the credentials: %s (discovery.eureka.username, password)", r.at, answer.Status)
	case answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("eureka at %s has no such interface: %s (discovery.eureka.url)", r.at, answer.Status)
	}
	return fmt.Errorf("eureka at %s answers %s", r.at, answer.Status)
}
