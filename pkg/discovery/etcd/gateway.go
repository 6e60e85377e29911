// Package etcd finds the instances of a service that have written themselves into etcd. It speaks the JSON form of etcd's API,
// which every member offers on the port for clients: see ADR 0013.
package etcd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// The variables of etcdctl.
const (
	envEndpoints = "ETCDCTL_ENDPOINTS"
	envUser      = "ETCDCTL_USER"
	envPassword  = "ETCDCTL_PASSWORD"
	envCA        = "ETCDCTL_CACERT"
	envCert      = "ETCDCTL_CERT"
	envKey       = "ETCDCTL_KEY"
)

// api is the folder of the API since etcd 3.4.
const api = "/v3/"

// Gateway is one member of etcd. Its methods may be called at the same time, but for Login.
type Gateway struct {
	HTTP *http.Client
	// URL is that of the member, such as http://127.0.0.1:2379.
	URL string

	token string
}

// KeyValue is an entry.
type KeyValue struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
	// Lease is that under which the entry is; without one it stays.
	Lease int64 `json:"lease,string"`
}

// header is in each answer.
type header struct {
	Revision int64 `json:"revision,string"`
}

// Login gets a token for a user. Without a name it does nothing: etcd may ask for none.
func (g *Gateway) Login(ctx context.Context, name, password string) error {
	if name == "" {
		return nil
	}
	var answer struct {
		Token string `json:"token"`
	}
	credentials := struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}{name, password}
	g.token = ""
	if err := g.Call(ctx, "auth/authenticate", credentials, &answer); err != nil {
		return err
	}
	g.token = answer.Token
	return nil
}

// Call calls a method of the API, such as kv/range, and waits for its only answer.
func (g *Gateway) Call(ctx context.Context, method string, question, answer any) error {
	request, err := g.request(ctx, method, question)
	if err != nil {
		return err
	}
	return registry.Ask(ctx, g.HTTP, request, answer)
}

func (g *Gateway) request(ctx context.Context, method string, question any) (*http.Request, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+api+method, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if g.token != "" {
		request.Header.Set("Authorization", g.token)
	}
	// A member that has lost the others is to say so, rather than to tell nothing any more.
	request.Header.Set("Grpc-Metadata-hasleader", "true")
	return request, nil
}

// credentials returns who etcdctl would log in as.
func credentials() (name, password string) {
	name, password, _ = strings.Cut(os.Getenv(envUser), ":")
	if given := os.Getenv(envPassword); given != "" {
		password = given
	}
	return name, password
}

// Asked is what an error depends on beside the member: how it was said how to reach it.
type Asked struct {
	Advice registry.Advice
	// Login names what has user and password, such as "the variables A and B".
	Login string
}

// byURL is for who names a service in a URL.
func byURL() Asked {
	return Asked{
		Advice: registry.Advice{
			Start: "is etcd running, and the address that of its port for clients?",
			TLS:   "the parameter tls=true says that etcd speaks TLS",
			Trust: envCA + " names the file with its certificate authority",
		},
		Login: "the variables " + envUser + " and " + envPassword,
	}
}

// Explain says why a member could not be asked.
func (a Asked) Explain(who string, err error) error {
	status, ok := errors.AsType[*registry.StatusError](err)
	if !ok {
		return a.Advice.Explain(who, err)
	}
	text := status.Text
	var fault struct{ Message string }
	if json.Unmarshal([]byte(text), &fault) == nil && fault.Message != "" {
		text = fault.Message
	}
	said := fmt.Errorf("%s answers %d: %s", who, status.Code, text)
	switch {
	case strings.Contains(text, "user name is empty"), strings.Contains(text, "authentication failed"),
		strings.Contains(text, "invalid auth token"), strings.Contains(text, "permission denied"):
		return hinted.New(said, a.Login+" have a user who may do that")
	case strings.Contains(text, "no leader"):
		return hinted.New(fmt.Errorf("%s has no leader", who), "too few members run, or they cannot reach each other")
	case status.Code == http.StatusNotFound:
		return hinted.New(said, "is it etcd 3.4 or later, with its gRPC gateway on (--enable-grpc-gateway)?")
	}
	return said
}
