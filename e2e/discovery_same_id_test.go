package e2e_test

import (
	"fmt"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/etcd"
)

// Two receivers have been given one ID by mistake. The first says so, leaves the entry to the second when it stops, and has it
// again if the second has gone before.
func TestReceiversOfOneID(t *testing.T) {
	agent, member := consul.Need(t), etcd.Own(t)
	f := func(name, url, section string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watchService(t, url)
			entryOf := func(m *announced) string { return "one=" + m.grpc }
			a := announce(t, section)
			w.wait(entryOf(a))
			b := announce(t, section)
			w.wait(entryOf(b))
			a.waitUnregistered(t, "the ID one is in use by ")
			b.waitRegistered(t)
			wantCleanExit(t, b.server)
			w.wait(entryOf(a))
			a.waitRegistered(t)

			c := announce(t, section)
			a.waitUnregistered(t, "the ID one is in use by ")
			wantCleanExit(t, a.server)
			if a.countLogged(t, "deregistered") > 0 {
				t.Error("it has taken out the entry of another")
			}
			c.waitRegistered(t)
			w.wait(entryOf(c))
			wantCleanExit(t, c.server)
			w.interrupt()
		})
	}
	f("consul", "consul://"+agent.Addr()+"/same-id", inConsul(agent, "same-id", "id: one"))
	f("etcd", "etcd://"+member.Addr()+"/services/same-id", fmt.Sprintf("{etcd: {endpoints: [%q], name: same-id, id: one, advertise_address: 127.0.0.1, ttl: 3s}}", member.Addr()))
}
