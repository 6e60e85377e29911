package register

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Whoever is told what is wrong with etcd reads the keys of the configuration, and not the variables of etcdctl.
func TestExplainEtcd(t *testing.T) {
	f := func(err error, want string) {
		t.Helper()
		got, _ := errors.AsType[hinted.Error](explainEtcd("etcd at http://a:2379", err))
		if !strings.Contains(got.Hint(), want) || strings.Contains(got.Hint(), "ETCDCTL") {
			t.Errorf("%v: the hint is %q, want %q in it", err, got.Hint(), want)
		}
	}
	f(&registry.StatusError{Code: 403, Text: "etcdserver: permission denied"}, "discovery.etcd.username")
	f(&registry.StatusError{Code: 404, Text: "404 page not found"}, "--enable-grpc-gateway")
	f(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "discovery.etcd.endpoints")
}
