package register

import "testing"

// Sections write to the same entry, or they do not: one that has another place is left.
func TestPlace(t *testing.T) {
	consulAt := func(change func(*Consul)) string {
		var c Consul
		c.SetDefaults()
		change(&c)
		b, err := newConsul(&c)
		if err != nil {
			t.Fatal(err)
		}
		return b.place("a")
	}
	etcdAt := func(change func(*Etcd)) string {
		var c Etcd
		c.SetDefaults()
		change(&c)
		b, err := newEtcd(&c)
		if err != nil {
			t.Fatal(err)
		}
		return b.place("a")
	}
	eurekaAt := func(change func(*Eureka)) string {
		var c Eureka
		c.SetDefaults()
		change(&c)
		b, err := newEureka(&c)
		if err != nil {
			t.Fatal(err)
		}
		return b.place("a")
	}
	f := func(one, other string, same bool) {
		t.Helper()
		if (one == other) != same {
			t.Errorf("%q and %q are the same: want %t", one, other, same)
		}
	}
	agent := consulAt(func(*Consul) {})
	f(agent, consulAt(func(c *Consul) { c.Tags, c.Token, c.Check.Type = []string{"x"}, "t", "ttl" }), true)
	f(agent, consulAt(func(c *Consul) { c.Name = "other" }), true) // the agent has an ID once
	f(agent, consulAt(func(c *Consul) { c.Address = "consul:8500" }), false)
	f(agent, consulAt(func(c *Consul) { c.Namespace = "n" }), false)
	f(agent, consulAt(func(c *Consul) { c.Partition = "n" }), false)
	members := etcdAt(func(*Etcd) {})
	f(members, etcdAt(func(c *Etcd) { c.TTL, c.Zone = c.TTL/2, "z" }), true)
	f(members, etcdAt(func(c *Etcd) { c.Name = "other" }), false)
	f(members, etcdAt(func(c *Etcd) { c.Prefix = "/other" }), false)
	f(members, etcdAt(func(c *Etcd) { c.Endpoints = []string{"etcd:2379"} }), false)
	server := eurekaAt(func(*Eureka) {})
	f(server, eurekaAt(func(c *Eureka) { c.Meta = map[string]string{"k": "v"} }), true)
	f(server, eurekaAt(func(c *Eureka) { c.Name = "other" }), false)
	f(server, eurekaAt(func(c *Eureka) { c.URL = "http://eureka:8761/eureka" }), false)
}
