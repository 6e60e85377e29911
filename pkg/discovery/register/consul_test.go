package register

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/presence"
)

// asked is a request that a server got.
type asked struct {
	method, path, token string
	body                map[string]any
}

// server answers with a status and a text, and returns what it was asked.
func server(t *testing.T, answer func(r *http.Request) (int, string)) (address string, got func() asked) {
	t.Helper()
	requests := make(chan asked, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := asked{method: r.Method, path: r.URL.Path, token: r.Header.Get("X-Consul-Token")}
		if text, err := io.ReadAll(r.Body); err == nil && len(text) > 0 {
			if err := json.Unmarshal(text, &a.body); err != nil {
				t.Errorf("%v: %s", err, text)
			}
		}
		requests <- a
		code, text := answer(r)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() asked { return <-requests }
}

func consulAt(t *testing.T, address string, change func(*Consul)) *consul {
	t.Helper()
	var c Consul
	c.SetDefaults()
	c.Address, c.Token = address, "planted"
	if change != nil {
		change(&c)
	}
	r, err := newConsul(&c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

func entryFor(t *testing.T, p presence.Presence, service *Service) entry {
	t.Helper()
	main, err := mainOf(p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := service.entryOf(p, main, "id-1", "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The registration is what the specification asks for: S5 and S6.
func TestConsulRegistration(t *testing.T) {
	address, got := server(t, func(*http.Request) (int, string) { return 200, "" })
	f := func(p presence.Presence, change func(*Consul), check map[string]any) {
		t.Helper()
		c := consulAt(t, address, change)
		e := entryFor(t, p, &c.section.Service)
		if err := c.put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		a := got()
		if a.method != "PUT" || a.path != "/v1/agent/service/register" || a.token != "planted" {
			t.Errorf("asked for %+v", a)
		}
		check["CheckID"], check["Status"], check["DeregisterCriticalServiceAfter"] = "service:id-1", "passing", "1m0s"
		if !reflect.DeepEqual(a.body["Check"], check) {
			t.Errorf("the check is %v, want %v", a.body["Check"], check)
		}
		want := map[string]any{"version": "v1", "config_hash": "one", "grpc_port": "4317", "http_port": "4318", "metrics_port": "8888"}
		if a.body["ID"] != "id-1" || a.body["Name"] != "otlp-receiver" || a.body["Address"] != "192.0.2.7" || a.body["Port"] != 4317.0 ||
			!reflect.DeepEqual(a.body["Tags"], []any{"v1", "grpc", "otlp"}) || !reflect.DeepEqual(a.body["Meta"], want) {
			t.Errorf("registered is %v", a.body)
		}
	}
	asking := func(key, value string) map[string]any {
		return map[string]any{key: value, "Interval": "10s", "Timeout": "3s"}
	}
	typ := func(typ string) func(*Consul) { return func(c *Consul) { c.Check.Type = typ } }
	f(present("one"), nil, asking("HTTP", "http://192.0.2.7:8888/health"))
	f(present("one"), typ("grpc"), asking("GRPC", "192.0.2.7:4317"))
	f(present("one"), typ("ttl"), map[string]any{"TTL": "30s"})
	secure := present("one")
	for i := range secure.Endpoints {
		secure.Endpoints[i].TLS = true
	}
	f(secure, nil, asking("HTTP", "https://192.0.2.7:8888/health"))
	secured := asking("GRPC", "192.0.2.7:4317")
	secured["GRPCUseTLS"] = true
	f(secure, typ("grpc"), secured)
	own := present("one")
	own.Endpoints[2].Addr = "192.0.2.9:8888"
	f(own, nil, asking("HTTP", "http://192.0.2.9:8888/health"))
}

// Nobody can check what wants a certificate of them.
func TestConsulCheckNeedsNoCertificate(t *testing.T) {
	c := consulAt(t, "127.0.0.1:1", nil)
	p := present("one")
	p.Endpoints[2].ClientCert = true
	if err := c.put(t.Context(), entryFor(t, p, &c.section.Service)); err == nil || !strings.Contains(err.Error(), "set discovery.consul.check.type to grpc or ttl") {
		t.Error(err)
	}
}

func TestConsulAnswers(t *testing.T) {
	code, text := 0, ""
	address, got := server(t, func(*http.Request) (int, string) { return code, text })
	f := func(answer int, body, typ, path string, confirm, remove string) {
		t.Helper()
		code, text = answer, body
		c := consulAt(t, address, func(c *Consul) { c.Check.Type = typ })
		e := entry{id: "id-1", host: "192.0.2.7", port: 4317}
		err := c.confirm(t.Context(), e)
		if a := got(); a.path != path {
			t.Errorf("asked for %+v", a)
		}
		said := func(err error, want string) bool {
			return want == "" && err == nil || want == "forgotten" && errors.Is(err, errForgotten) || want != "" && err != nil && strings.Contains(err.Error(), want)
		}
		if !said(err, confirm) {
			t.Errorf("%d %q: %v, want %q", answer, body, err, confirm)
		}
		if err := c.remove(t.Context(), "id-1"); !said(err, remove) {
			t.Errorf("%d %q: %v, want %q", answer, body, err, remove)
		}
		if a := got(); a.path != "/v1/agent/service/deregister/id-1" {
			t.Errorf("asked for %+v", a)
		}
	}
	const service, ttl = "/v1/agent/service/id-1", "/v1/agent/check/update/service:id-1"
	f(200, `{"Address": "192.0.2.7", "Port": 4317}`, "http", service, "", "")
	f(200, `{"Address": "192.0.2.8", "Port": 4317}`, "http", service, "the ID id-1 is in use by 192.0.2.8:4317, too", "")
	f(200, "", "ttl", ttl, "", "")
	f(404, "unknown service ID", "http", service, "forgotten", "")
	f(404, `Unknown check ID "service:id-1"`, "ttl", ttl, "forgotten", "")
	f(500, `CheckID "service:id-1" does not have associated TTL`, "ttl", ttl, "forgotten", "")
	f(403, "Permission denied", "http", service, `service:write for "otlp-receiver"`, "refuses the token")
	f(500, "No cluster leader", "http", service, "has no leader", "has no leader")
	f(500, "boom", "http", service, "answers 500: boom", "answers 500: boom")
}

func TestConsulIsAway(t *testing.T) {
	c := consulAt(t, "127.0.0.1:1", nil)
	for _, err := range []error{c.confirm(t.Context(), entry{id: "id"}), c.probe(t.Context()), c.put(t.Context(), entry{id: "id", adminAt: "x:1"})} {
		if err == nil || err.Error() != "consul at http://127.0.0.1:1 cannot be reached: connect: connection refused" {
			t.Error(err)
		}
	}
}

func TestEurekaRegistration(t *testing.T) {
	code := 204
	address, got := server(t, func(*http.Request) (int, string) { return code, "" })
	var c Eureka
	c.SetDefaults()
	c.URL = address + "/eureka/"
	r, err := newEureka(&c)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := r.put(t.Context(), entryFor(t, present("one"), &c.Service)); err != nil {
		t.Fatal(err)
	}
	a := got()
	i, _ := a.body["instance"].(map[string]any)
	port, _ := i["port"].(map[string]any)
	if a.method != "POST" || a.path != "/eureka/apps/OTLP-RECEIVER" || i["instanceId"] != "id-1" || i["ipAddr"] != "192.0.2.7" || i["status"] != "UP" ||
		port["$"] != 4317.0 || port["@enabled"] != "true" || i["healthCheckUrl"] != "http://192.0.2.7:8888/health" {
		t.Errorf("registered is %+v", a)
	}
	if err := r.confirm(t.Context(), entry{id: "id-1"}); err != nil {
		t.Error(err)
	}
	if a := got(); a.method != "PUT" || a.path != "/eureka/apps/OTLP-RECEIVER/id-1" {
		t.Errorf("confirmed is %+v", a)
	}
	code = 404
	if err := r.confirm(t.Context(), entry{id: "id-1"}); !errors.Is(err, errForgotten) {
		t.Error(err)
	}
	if err := r.remove(t.Context(), "id-1"); err != nil {
		t.Error(err)
	}
	if err := r.put(t.Context(), entryFor(t, present("one"), &c.Service)); err == nil || !strings.Contains(err.Error(), "no such interface") {
		t.Error(err)
	}
	code = 401
	if err := r.confirm(t.Context(), entry{id: "id-1"}); err == nil || !strings.Contains(err.Error(), "refuses the credentials") {
		t.Error(err)
	}
}
