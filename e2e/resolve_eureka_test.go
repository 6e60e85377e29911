package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/eureka"
)

// The server is one that implements the documented interface, see harness/eureka.
func TestResolveEureka(t *testing.T) {
	server := eureka.Start(t)
	url := "eureka://" + server.Addr() + "/OTLP"
	do := func(method, path, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+server.Addr()+"/eureka/apps/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close() // it has none
		if answer.StatusCode/100 != 2 {
			t.Fatalf("%s %s: %s", method, path, answer.Status)
		}
	}
	put := func(id, zone string, port int) {
		t.Helper()
		do(http.MethodPost, "OTLP", fmt.Sprintf(`{"instance": {"instanceId": %q, "hostName": "h", "app": "OTLP", "ipAddr": "10.0.0.1", "status": "UP",
			"port": {"$": %d, "@enabled": "true"}, "metadata": {"zone": %q, "version": "1", "tags": "grpc,otlp"}}}`, id, port, zone))
	}
	wantResolved(t, 1, "", "error: "+url+": no instances\n", url)
	put("a", "x", 1)
	put("b", "y", 2)
	const a, b = "a\t10.0.0.1:1\tx\t1\tgrpc,otlp\n", "b\t10.0.0.1:2\ty\t1\tgrpc,otlp\n"
	wantResolved(t, 0, a+b, "", url)
	wantResolved(t, 0, b, "", url+"?zone=y&tag=otlp")
	do(http.MethodPut, "OTLP/b/status?value=OUT_OF_SERVICE", "")
	wantResolved(t, 0, a, "", url)
	do(http.MethodPut, "OTLP/b/status?value=UP", "")
	do(http.MethodDelete, "OTLP/a", "")
	wantResolved(t, 0, b, "", url)
}
