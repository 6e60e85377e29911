package catalog

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Judge says what is wrong with instances, by what they have answered and, if it is not nil, by what a cluster has. The worst comes
// first.
func Judge(cases []Case, cluster *Cluster) []Finding {
	j := judge{cluster: cluster, at: map[string]bool{}}
	for _, c := range cases {
		j.at[spot(c.Instance, c.Instance.ID)] = true
	}
	var living []Case
	for _, c := range cases {
		if !j.instance(c) {
			living = append(living, c)
		}
	}
	j.duplicates(living)
	j.stale(living)
	sortFindings(j.findings)
	return j.findings
}

// judge is what is known while instances are judged.
type judge struct {
	cluster  *Cluster
	at       map[string]bool // by spot
	findings []Finding
}

// spot is a name at the address of an instance.
func spot(i Instance, id string) string { return i.Service + "\x00" + id + "\x00" + i.Addr }

func (j *judge) add(s Severity, k Kind, i Instance, what, next string) {
	j.findings = append(j.findings, Finding{
		Severity: s, Kind: k, Service: i.Service, ID: i.ID, Node: i.Node, Addr: i.Addr, What: what, Next: next, instance: i,
	})
}

// instance judges one by itself. It reports whether nobody is behind it.
func (j *judge) instance(c Case) (zombie bool) {
	i, p := c.Instance, c.Probe
	where := j.cluster.place(i)
	if p.Connect == ConnectNotMade {
		j.unusable(c)
		return false
	}
	if why := j.left(c, where); why != "" {
		j.add(SeverityError, KindZombie, i, why, removal(i))
		return true
	}
	j.address(c, where)
	switch {
	case i.Status == StatusMaintenance: // whoever has said so knows why
	case p.Connect != ConnectOK:
		j.unreachable(c, where)
	case p.Export == ExportForeign:
		j.port(c)
	default:
		j.export(c)
	}
	j.process(c, where)
	return false
}

// removal says how a registration is removed.
func removal(i Instance) string {
	if i.abandoned() {
		return fmt.Sprintf("otlpctl consul deregister %s --node %s", i.ID, i.Node)
	}
	return fmt.Sprintf("otlpctl consul deregister %s, at the agent of %s", i.ID, i.Node)
}

// unusable is about an address to which no connection could be made at all.
func (j *judge) unusable(c Case) {
	i := c.Instance
	const next = "discovery.consul.advertise_address, or consul register --address, says what clients are told"
	switch {
	case isAny(i.host):
		j.add(SeverityError, KindWrongAddress, i, fmt.Sprintf("nobody can connect to %q, which stands for all addresses of a machine", i.host), next)
	case i.port == 0:
		j.add(SeverityError, KindWrongPort, i, "no port is registered", "consul register --port says it")
	default:
		j.add(SeverityError, KindWrongAddress, i, fmt.Sprintf("%s is a loopback address, under which only programs on the node %s find it", i.host, i.Node), next)
	}
}

// left says why nobody is behind a registration any more; empty if somebody may be.
func (j *judge) left(c Case, where place) string {
	i, p := c.Instance, c.Probe
	silent := p.Connect != ConnectOK
	if claimed := j.claimed(c); claimed != "" {
		return fmt.Sprintf("left behind: the process at its address is registered as %s", claimed)
	}
	switch {
	case silent && where.gone:
		return fmt.Sprintf("its pod is gone, and nobody answers: %s", p.Problem)
	case silent && where.moved != nil:
		return fmt.Sprintf("nobody answers: %s; %s has the address %s now", p.Problem, where.moved, strings.Join(where.moved.IPs, ", "))
	case silent && i.Status == StatusCritical:
		return fmt.Sprintf("nobody answers: %s; and its checks fail: %s", p.Problem, cmp.Or(brief(i.complaint()), "no output"))
	case p.Connect == ConnectRefused && i.Status != StatusMaintenance && !i.checked() && !isLoopback(i.host):
		return fmt.Sprintf("nobody answers: %s; and no check would notice", p.Problem)
	}
	return ""
}

// claimed returns the name under which the process at the address of an instance has registered itself there, if it is another one.
func (j *judge) claimed(c Case) string {
	if c.Probe.Health == nil || slices.Contains(c.Probe.Health.IDs, c.Instance.ID) {
		return ""
	}
	for _, id := range c.Probe.Health.IDs {
		if j.at[spot(c.Instance, id)] {
			return id
		}
	}
	return ""
}

// address is about one that can be connected to, but is not what it should be.
func (j *judge) address(c Case, where place) {
	i := c.Instance
	ip, err := netip.ParseAddr(i.host)
	switch {
	case where.moved != nil:
		j.add(SeverityError, KindWrongAddress, i, fmt.Sprintf("%s has the address %s, not this one", where.moved, strings.Join(where.moved.IPs, ", ")),
			"let the pod register itself again: otlpctl rollout restart")
	case where.gone:
		j.add(SeverityWarning, KindWrongAddress, i, "its pod is gone, but somebody answers at its address", "find out who, and deregister "+i.ID+" if it is another one")
	case isLoopback(i.host):
		j.add(SeverityNote, KindWrongAddress, i, "only programs on the node "+i.Node+" reach a loopback address", "nothing, if all clients are there")
	case err == nil && ip.IsLinkLocalUnicast():
		j.add(SeverityWarning, KindWrongAddress, i, "only machines on the same link reach a link-local address", "register an address that clients elsewhere reach")
	}
}

func (j *judge) unreachable(c Case, where place) {
	what := fmt.Sprintf("nobody answers: %s, though its checks pass", c.Probe.Problem)
	if c.Instance.Status == StatusWarning {
		what = fmt.Sprintf("nobody answers: %s, though its checks only warn", c.Probe.Problem)
	}
	if !c.Instance.checked() {
		what = fmt.Sprintf("nobody answers: %s, and no check would notice", c.Probe.Problem)
	}
	if where.pod != nil {
		what += fmt.Sprintf("; %s is %s", where.pod, where.pod.State)
	}
	j.add(SeverityError, KindUnreachable, c.Instance, what, "are this machine and clients on its network, with no firewall in between?")
}

func (j *judge) port(c Case) {
	i, p := c.Instance, c.Probe
	names := map[string]string{SpeaksGRPC: "gRPC", SpeaksHTTP: "HTTP"}
	switch p.Speaks {
	case SpeaksAdmin:
		j.add(SeverityError, KindWrongPort, i, "this is the admin port of a receiver, not one for OTLP", portAdvice(i))
	case "":
		j.add(SeverityError, KindWrongPort, i, "something answers that does not speak OTLP: "+brief(p.Problem), portAdvice(i))
	default:
		j.add(SeverityError, KindWrongPort, i, fmt.Sprintf("this port speaks OTLP over %s, and not over %s as clients expect", names[p.Speaks], names[p.Protocol]),
			fmt.Sprintf("register it with the tag %s and not %s, or register another port", p.Speaks, p.Protocol))
	}
}

// portAdvice names the port that would be right, if the registration has it.
func portAdvice(i Instance) string {
	for _, protocol := range []string{SpeaksGRPC, SpeaksHTTP} {
		if port := i.Meta[protocol+"_port"]; port != "" {
			return fmt.Sprintf("register port %s, which its metadata names for %s", port, protocol)
		}
	}
	return "register the port for OTLP: 4317 for gRPC, or 4318 with the tag http"
}

func (j *judge) export(c Case) {
	i, p := c.Instance, c.Probe
	fails := i.Status == StatusCritical
	switch p.Export {
	case ExportOK:
		if fails {
			j.add(SeverityWarning, KindCheckFails, i, "takes telemetry, but gets none, for its checks fail: "+cmp.Or(brief(i.complaint()), "no output"),
				"can the agent reach what the check asks? otlpctl consul show "+i.Service)
		} else if h := p.Health; h != nil && h.Answers && !h.Healthy {
			j.add(SeverityWarning, KindUnhealthy, i, "takes telemetry, but says of itself: "+brief(h.Problem), "see its /status and its log")
		}
	case ExportDenied:
		j.add(SeverityNote, KindUnjudged, i, "wants credentials, so that no export was tried: "+brief(p.Problem), "otlpctl config validate --level connect tries one with the headers of an exporter")
	case ExportUntrusted:
		j.add(SeverityWarning, KindUntrusted, i, "TLS fails: "+brief(p.Problem), "--ca-file, --server-name, --cert-file and --key-file say what clients trust and show")
	default:
		if fails {
			j.add(SeverityWarning, KindUnhealthy, i, "its checks fail, and an export too: "+brief(p.Problem), "see its /status and its log")
		} else {
			j.add(SeverityError, KindExportFails, i, "its checks pass, but an export fails: "+brief(p.Problem), "see its /status and its log; a check of the type grpc asks where clients do")
		}
	}
}

// process is about what the process, or the pod that it is in, says of itself.
func (j *judge) process(c Case, where place) {
	i := c.Instance
	const next = "a receiver tells Consul when that changes: see discovery on its /status"
	if h := c.Probe.Health; h != nil && h.Version != "" {
		if i.Version != "" && i.Version != h.Version {
			j.add(SeverityWarning, KindStaleVersion, i, fmt.Sprintf("is registered with version %s, but runs %s", i.Version, h.Version), next)
		}
		if i.ConfigHash != "" && h.ConfigHash != "" && i.ConfigHash != h.ConfigHash {
			j.add(SeverityWarning, KindStaleConfig, i, fmt.Sprintf("is registered with the configuration %s, but runs %s", i.ConfigHash, h.ConfigHash), next)
		}
	}
	if pod := where.pod; pod != nil && pod.ConfigHash != "" && i.ConfigHash != "" && pod.ConfigHash != i.ConfigHash {
		j.add(SeverityWarning, KindStaleConfig, i, fmt.Sprintf("is registered with the configuration %s, but %s was deployed with %s", i.ConfigHash, pod, pod.ConfigHash),
			"otlpctl status k8s says whether the rollout is over")
	}
}

// brief shortens what checks and servers say.
func brief(text string) string {
	const most = 160
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
