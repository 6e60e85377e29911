package catalog

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// well returns an instance with which nothing is wrong, changed by those who want something to be.
func well(id string, changes ...func(*Case)) Case {
	c := Case{
		Instance: Instance{
			ID: id, Service: "otlp", Node: "n1", Status: StatusPassing, Version: "1.2", ConfigHash: "aa", host: "10.0.0." + id[1:], port: 4317,
			Tags: []string{"grpc"}, Meta: map[string]string{"grpc_port": "4317"},
			Checks: []Check{{ID: nodeCheck, Status: StatusPassing, OfNode: true}, {ID: "service:" + id, Status: StatusPassing}},
		},
		Probe: Probe{Connect: ConnectOK, Protocol: SpeaksGRPC, Speaks: SpeaksGRPC, Export: ExportOK},
	}
	for _, change := range changes {
		change(&c)
	}
	c.Instance.Addr = addrOf(c.Instance.host, c.Instance.port)
	return c
}

func critical(c *Case) {
	c.Instance.Status = StatusCritical
	c.Instance.Checks[1].Status, c.Instance.Checks[1].Output = StatusCritical, "dial tcp:\n refused"
}

func connects(to string) func(*Case) {
	return func(c *Case) { c.Probe = Probe{Connect: to, Protocol: SpeaksGRPC, Problem: to} }
}

func exports(verdict, speaks string) func(*Case) {
	return func(c *Case) { c.Probe.Export, c.Probe.Speaks, c.Probe.Problem = verdict, speaks, verdict }
}

func at(host string, port int) func(*Case) {
	return func(c *Case) { c.Instance.host, c.Instance.port = host, port }
}

func unchecked(c *Case) { c.Instance.Checks = c.Instance.Checks[:1] }

func maintained(c *Case) { c.Instance.Status = StatusMaintenance }

func says(h Health) func(*Case) { return func(c *Case) { c.Probe.Health = &h } }

func with(change func(*Instance)) func(*Case) { return func(c *Case) { change(&c.Instance) } }

func meta(key, value string) func(*Case) {
	return with(func(i *Instance) { i.Meta = map[string]string{key: value} })
}

// found writes findings as "severity kind id", in their order.
func found(all []Finding) string {
	var texts []string
	for _, f := range all {
		texts = append(texts, fmt.Sprintf("%s %s %s", f.Severity, f.Kind, f.ID))
	}
	return strings.Join(texts, ", ")
}

func TestJudge(t *testing.T) {
	cluster := NewCluster([]Pod{
		{Namespace: "ns", Name: "pod-1", IPs: []string{"10.2.0.1"}, State: "running, but not ready", ConfigHash: "aa"},
		{Namespace: "ns", Name: "pod-2", IPs: []string{"10.2.0.2"}},
		{Namespace: "ns", Name: "pod-3"},
	}, []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}, "")
	f := func(want string, cases ...Case) {
		t.Helper()
		if got := found(Judge(cases, cluster)); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	f("", well("i1"), well("i2"))

	// Nobody is behind it: only if Consul, the cluster, the machine or the process itself says so too.
	f("error zombie i1", well("i1", critical, connects(ConnectRefused)))
	f("error zombie i1", well("i1", critical, connects(ConnectSilent)))
	f("error zombie i1", well("i1", critical, connects(ConnectNoName)))
	f("error zombie i1", well("i1", unchecked, connects(ConnectRefused)))
	f("error unreachable i1", well("i1", unchecked, connects(ConnectSilent)))
	f("error unreachable i1", well("i1", connects(ConnectRefused)))
	f("error unreachable i1", well("i1", connects(ConnectSilent)))
	f("", well("i1", maintained, connects(ConnectRefused)))
	f("error zombie i1", well("i1", connects(ConnectSilent), at("10.2.0.9", 4317)))
	f("error zombie i1", well("i1", maintained, connects(ConnectSilent), at("10.2.0.9", 4317)))
	f("error zombie i1", well("i1", connects(ConnectSilent), meta("pod-name", "pod-9")))
	f("error zombie i1", well("i1", connects(ConnectSilent), meta("pod-name", "pod-2")))
	f("error unreachable i1", well("i1", connects(ConnectSilent), at("10.2.0.1", 4317)))
	f("error unreachable i1", well("i1", connects(ConnectSilent), meta("pod-name", "pod-3")))
	f("error zombie i1", well("i1", at("10.0.0.2", 4317), says(Health{Answers: true, Healthy: true, IDs: []string{"i2"}})), well("i2"))
	f("warning duplicate_address i1", well("i1", at("10.0.0.2", 4317), says(Health{Answers: true, Healthy: true})), well("i2", with(func(i *Instance) { i.created = 1 })))
	f("", well("i1", says(Health{Answers: true, Healthy: true, IDs: []string{"i2"}})), well("i2"))

	// The address.
	f("error wrong_address i1", well("i1", connects(ConnectNotMade), at("0.0.0.0", 4317)))
	f("error wrong_address i1", well("i1", connects(ConnectNotMade), at("::", 4317)))
	f("error wrong_address i1", well("i1", connects(ConnectNotMade), at("127.0.0.1", 4317)))
	f("note wrong_address i1", well("i1", at("127.0.0.1", 4317)))
	f("error unreachable i1, note wrong_address i1", well("i1", unchecked, connects(ConnectRefused), at("localhost", 4317)))
	f("warning wrong_address i1", well("i1", at("fe80::1", 4317)))
	f("error wrong_address i1", well("i1", meta("pod-name", "pod-2")))
	f("error wrong_address pod-2", well("i1", with(func(i *Instance) { i.ID = "pod-2" })))
	f("warning wrong_address i1", well("i1", at("10.2.0.9", 4317)))

	// The port.
	f("error wrong_port i1", well("i1", connects(ConnectNotMade), at("10.0.0.1", 0)))
	f("error wrong_port i1", well("i1", exports(ExportForeign, SpeaksHTTP)))
	f("error wrong_port i1", well("i1", exports(ExportForeign, SpeaksAdmin)))
	f("error wrong_port i1", well("i1", critical, exports(ExportForeign, "")))

	// Checks and exports.
	f("error export_fails i1", well("i1", exports(ExportRefused, SpeaksGRPC)))
	f("warning unhealthy i1", well("i1", critical, exports(ExportRefused, SpeaksGRPC)))
	f("warning check_fails i1", well("i1", critical))
	f("warning unhealthy i1", well("i1", says(Health{Answers: true, Problem: "503"})))
	f("", well("i1", says(Health{Problem: "its admin port is its own affair"})))
	f("note unjudged i1", well("i1", exports(ExportDenied, SpeaksGRPC)))
	f("warning untrusted i1", well("i1", exports(ExportUntrusted, SpeaksGRPC)))

	// What it runs.
	f("warning stale_version i1", well("i1", says(Health{Answers: true, Healthy: true, Version: "1.3", ConfigHash: "aa"})))
	f("warning stale_config i1", well("i1", says(Health{Answers: true, Healthy: true, Version: "1.2", ConfigHash: "bb"})))
	f("warning stale_config i1", well("i1", at("10.2.0.1", 4317), with(func(i *Instance) { i.ConfigHash = "bb" })))
	old := with(func(i *Instance) { i.Version = "1.1" })
	newest := with(func(i *Instance) { i.Version, i.created = "1.3", 9 })
	f("warning stale_version i1", well("i1", old), well("i2"), well("i3"))
	f("warning stale_version i1", well("i1", old), well("i2", newest))
	f("warning stale_version i1, warning stale_version i2, warning stale_version i3", well("i1", old), well("i2"), well("i3"), well("i4", newest))
	f("warning stale_version i4", well("i1"), well("i2"), well("i3"), well("i4", newest))
	f("", well("i1", old), well("i2", with(func(i *Instance) { i.Version = "" })))
	other := with(func(i *Instance) { i.ConfigHash = "bb" })
	f("warning stale_config i1", well("i1", other), well("i2"), well("i3"))
	f("", well("i1", other), well("i2"))
	f("error zombie i1", well("i1", old, critical, connects(ConnectRefused)), well("i2"))
	f("", well("i1", old), well("i2", with(func(i *Instance) { i.Service = "other" })))

	// What is there twice. The newest is right.
	elsewhere := with(func(i *Instance) { i.ID, i.Node, i.created = "i1", "n2", 9 })
	f("warning duplicate_id i1", well("i1"), well("i2", elsewhere))
	f("warning duplicate_address i1", well("i1"), well("i2", at("10.0.0.1", 4317), with(func(i *Instance) { i.created = 9 })))
	f("warning duplicate_id i1", well("i1"), well("i1", elsewhere))
}

// Without a cluster nothing is known of pods, and with one namespace of it nothing of the others.
func TestJudgeWithoutPods(t *testing.T) {
	c := well("i1", connects(ConnectSilent), at("10.2.0.9", 4317), meta("pod-name", "pod-9"))
	f := func(cluster *Cluster, c Case, want string) {
		t.Helper()
		if got := found(Judge([]Case{c}, cluster)); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	f(nil, c, "error unreachable i1")
	ranges := []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}
	f(NewCluster(nil, ranges, "ns"), c, "error unreachable i1")
	f(NewCluster(nil, ranges, ""), c, "error zombie i1")
	c.Instance.Meta["k8s-namespace"] = "ns"
	f(NewCluster(nil, nil, "ns"), c, "error zombie i1")
	c.Instance.Meta["k8s-namespace"] = "other"
	f(NewCluster(nil, nil, "ns"), c, "error unreachable i1")
}

// The worst comes first, and each says what to do.
func TestFindingsAreInOrder(t *testing.T) {
	cases := []Case{
		well("i3", at("127.0.0.1", 4317)), well("i2", critical), well("i1", exports(ExportRefused, SpeaksGRPC)), well("i4", critical, connects(ConnectRefused)),
	}
	all := Judge(cases, nil)
	if got, want := found(all), "error export_fails i1, error zombie i4, warning check_fails i2, note wrong_address i3"; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
	for _, f := range all {
		if f.What == "" || f.Next == "" || strings.Contains(f.What, "\n") {
			t.Errorf("%s: %q, %q", f.Kind, f.What, f.Next)
		}
	}
	zombies := Zombies(all)
	if len(zombies) != 1 || zombies[0].ID != "i4" {
		t.Errorf("zombies are %v, want i4", zombies)
	}
}

func TestRemoval(t *testing.T) {
	f := func(i Instance, want string) {
		t.Helper()
		if got := removal(i); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(well("i1").Instance, "otlpctl consul deregister i1, at the agent of n1")
	f(well("i1", func(c *Case) { c.Instance.Checks[0].Status = StatusCritical }).Instance, "otlpctl consul deregister i1 --node n1")
	f(well("i1", func(c *Case) { c.Instance.Checks = nil }).Instance, "otlpctl consul deregister i1 --node n1")
}

func TestProtocolOf(t *testing.T) {
	f := func(port int, tags []string, meta map[string]string, want string) {
		t.Helper()
		if got := protocolOf(Instance{port: port, Tags: tags, Meta: meta}); got != want {
			t.Errorf("port %d, %q, %v: %s, want %s", port, tags, meta, got, want)
		}
	}
	f(4317, nil, nil, SpeaksGRPC)
	f(4318, nil, nil, SpeaksHTTP)
	f(4318, []string{"grpc"}, nil, SpeaksGRPC)
	f(4318, nil, map[string]string{"grpc_port": "4318"}, SpeaksGRPC)
	f(80, []string{"otlp", "http"}, nil, SpeaksHTTP)
	f(80, nil, map[string]string{"http_port": "80"}, SpeaksHTTP)
	f(80, nil, map[string]string{"http_port": "81"}, SpeaksGRPC)
}

func TestInstanceDifferences(t *testing.T) {
	before := []Instance{well("i1").Instance, well("i2").Instance, well("i3").Instance}
	after := []Instance{well("i1", critical).Instance, well("i2").Instance, well("i4").Instance}
	after[1].Checks[1].Output, after[1].changed = "in other words", 7
	var got []string
	for _, d := range InstanceDifferences(before, after) {
		switch {
		case d.Before == nil:
			got = append(got, "+"+d.After.ID)
		case d.After == nil:
			got = append(got, "-"+d.Before.ID)
		default:
			got = append(got, "~"+d.After.ID)
		}
	}
	if want := []string{"~i1", "-i3", "+i4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if before[1].Checks[1].Output != "" || after[1].Checks[1].Output == "" {
		t.Error("comparing has changed what was compared")
	}
}

func TestJudgeTenThousand(t *testing.T) {
	cases := make([]Case, 10000)
	for n := range cases {
		cases[n] = well(fmt.Sprintf("i%d", n), at(fmt.Sprintf("10.1.%d.%d", n/250, n%250), 4317))
	}
	cases[7777] = well("i7777", critical, connects(ConnectSilent))
	if got := found(Judge(cases, nil)); got != "error zombie i7777" {
		t.Errorf("found %q", got)
	}
}
