package e2e_test

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// The pods of a cluster tell what Consul does not: whose pod is gone, or has another address, though a check says that all is well.
func TestConsulDoctorPods(t *testing.T) {
	const name = "in-pods"
	a := consul.Own(t, consul.Options{})
	s := newSite(t, "doctor-pods")
	err := s.Apply(t.Context(), `{apiVersion: v1, kind: Namespace, metadata: {name: doctor-pods}}
---
{apiVersion: v1, kind: Pod, metadata: {namespace: doctor-pods, name: there}, spec: {containers: [{name: c, image: "`+noImage+`"}]}}
`)
	if err != nil {
		t.Fatal(err)
	}
	wait.For(t, clusterLimit, "an address of the pod", func() bool { return s.field("pod/there", ".status.podIP") != "" })
	address := s.field("pod/there", ".status.podIP")
	alone := serve(t, doctorConfig)
	plant := func(id, host, pod string, port int) {
		register(t, a, consul.Service{
			ID: id, Name: name, Address: host, Port: port, Tags: []string{"grpc"}, Check: &consul.Check{TTL: "10m", Status: "passing"},
			Meta: map[string]string{"pod-name": pod, "k8s-namespace": s.namespace},
		})
	}
	plant("gone", nowhere, "no-more", 4317)
	plant("moved", nowhere, "there", 4318)
	plant("elsewhere", "127.0.0.1", "there", portOf(t, alone.grpc))

	if got, want := doctor(t, a, 4, name).found(), "error unreachable gone\nerror unreachable moved\nnote wrong_address elsewhere"; got != want {
		t.Errorf("without the cluster is found:\n%s\nwant\n%s", got, want)
	}
	d := doctor(t, a, 4, name, "--kubeconfig", s.kubeconfig)
	if got, want := d.found(), "error wrong_address elsewhere\nerror zombie gone\nerror zombie moved"; got != want {
		t.Errorf("with the cluster is found:\n%s\nwant\n%s", got, want)
	}
	for _, f := range d.Findings {
		if f.ID != "gone" && !strings.Contains(f.What, "pod doctor-pods/there has the address "+address) {
			t.Errorf("%s: %s", f.ID, f.What)
		}
	}
	account, err := s.ServiceAccount(t.Context(), s.namespace, "default")
	if err != nil {
		t.Fatal(err)
	}
	wantConsul(t, a, 1, "", `cannot list resource "pods"`, "doctor", name, "--kubeconfig", account)
	d = doctor(t, a, 4, name, "--kubeconfig", s.kubeconfig, "--kube-namespace", s.namespace, "--fix", "--yes")
	if len(d.Removed) != 2 || !d.Removed[0].Done || !d.Removed[1].Done {
		t.Errorf("removed %+v, want both zombies", d.Removed)
	}
}
