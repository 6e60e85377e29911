package eureka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

func TestInstances(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var a answer
		if err := json.Unmarshal([]byte(`{"application": {"name": "OTLP", "instance": `+text+`}}`), &a); err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		var got []string
		for _, i := range a.instances() {
			got = append(got, strings.Join([]string{i.ID, i.Addr, i.Zone, i.Version, strings.Join(i.Tags, "+")}, " "))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	f(`[]`, "")
	f(`[{"instanceId": "a", "hostName": "h", "ipAddr": "10.0.0.1", "status": "UP", "port": {"$": 4317, "@enabled": "true"},
		"metadata": {"zone": "z", "version": "1", "tags": "grpc,otlp"}}]`, "a 10.0.0.1:4317 z 1 grpc+otlp")
	// One instance, without brackets, ID or address, its numbers as text.
	f(`{"hostName": "h", "status": "UP", "port": {"$": "4317", "@enabled": true}, "dataCenterInfo": {"metadata": {"availability-zone": "z"}}}`,
		"h:4317 h:4317 z  ")
	f(`[{"instanceId": "a", "hostName": "h", "status": "UP", "port": {"$": 1, "@enabled": "false"}, "securePort": {"$": 443, "@enabled": "true"}}]`, "a h:443   ")
	for _, status := range []string{"DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN", ""} {
		f(`[{"instanceId": "a", "hostName": "h", "status": "`+status+`", "port": {"$": 4317}}]`, "")
	}
	f(`[{"instanceId": "a", "hostName": "h", "status": "UP", "port": {"$": 99999}}]`, "")
	f(`[{"instanceId": "a", "status": "UP", "port": {"$": 4317}}]`, "")
}

// server answers in the process, and so in a bubble.
type server func(r *http.Request) (int, string)

// RoundTrip answers a request.
func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	code, text := s(r)
	if code == 0 {
		return nil, errors.New("no server")
	}
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(text)), Header: http.Header{}, Request: r}, nil
}

func one(port int) string {
	return fmt.Sprintf(`{"application": {"instance": [{"instanceId": "a", "ipAddr": "10.0.0.1", "status": "UP", "port": {"$": %d}}]}}`, port)
}

func TestFollow(t *testing.T) {
	asked := 0
	a := &application{path: "/eureka/apps/OTLP", scheme: "http", user: "u", password: "p"}
	a.http = &http.Client{Transport: server(func(r *http.Request) (int, string) {
		asked++
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" || r.Header.Get("Accept") != "application/json" || r.URL.Path != a.path {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
		switch asked {
		case 1:
			return http.StatusNotFound, ""
		case 2, 3:
			return http.StatusOK, one(1)
		case 4:
			return http.StatusUnauthorized, "<html>no</html>"
		case 5:
			return 0, ""
		case 6:
			return http.StatusOK, "<html>"
		}
		return http.StatusOK, one(2)
	})}
	var told []string
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		watch := func(ctx context.Context, found func([]resolve.Instance)) error { return a.watch(ctx, "h:8761", found) }
		source := registry.Source{Name: "OTLP", Watch: watch}
		source.Follow(ctx, func(answer resolve.Answer) {
			text := fmt.Sprint(len(answer.Instances))
			if answer.Err != nil {
				text += " " + strings.TrimPrefix(answer.Err.Error(), "find OTLP: eureka h:8761")
			}
			told = append(told, text)
		})
	})
	want := []string{
		"0", "1", "1  answers 401: <html>no</html>", "1 : no server",
		"1 : the answer is not what this registry answers: invalid character '<' looking for beginning of value", "1",
	}
	if fmt.Sprintf("%q", told) != fmt.Sprintf("%q", want) {
		t.Errorf("told %q, want %q", told, want)
	}
	// Every 15 to 30 seconds.
	if asked < 10 || asked > 25 {
		t.Errorf("asked %d times in five minutes", asked)
	}
}

func TestOpen(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		target, err := registry.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		source, err := Open(target)
		if err == nil {
			if want != "" {
				t.Errorf("%s: opened, want %q", url, want)
			}
			return
		}
		if source != nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	f("eureka://h/OTLP", "")
	f("eureka://h:1,g:1/eureka/v2/OTLP", "")
	f("eureka:///OTLP", "the server or the application is missing")
	f("eureka://h", "the server or the application is missing")
	f("eureka://h:x/OTLP", "is not host:port")
	f("eureka://h/OTLP?tls=x", "want true or false")
	f("eureka://h/OTLP?user=x", "no place for a user")
}
