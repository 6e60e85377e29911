package catalog

import (
	"strings"
	"testing"
	"time"
)

func TestRegistrationCheck(t *testing.T) {
	f := func(want string, change func(*Registration)) {
		t.Helper()
		r := Registration{Name: "otlp", ID: "otlp-1", Address: "10.0.0.7", Port: 4317, Interval: 10 * time.Second, Timeout: time.Second}
		change(&r)
		err := r.Check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", r, err, want)
		}
	}
	f("", func(*Registration) {})
	f("", func(r *Registration) { r.ID, r.Address = "", "" })
	f("", func(r *Registration) { r.Address, r.GRPC = "::1", "[::1]:4317/otlp" })
	f("", func(r *Registration) { r.HTTP, r.DeregisterAfter = "https://h/health", time.Minute })
	f("", func(r *Registration) { r.TTL = 30 * time.Second })
	f("--name", func(r *Registration) { r.Name = "" })
	f("--name", func(r *Registration) { r.Name = "a/b" })
	f("--id", func(r *Registration) { r.ID = "a b" })
	f("nobody can connect to it", func(r *Registration) { r.Address = "0.0.0.0" })
	f("nobody can connect to it", func(r *Registration) { r.Address = "[::]" })
	f("want a host or an IP address", func(r *Registration) { r.Address = "h:4317" })
	f("--port 0", func(r *Registration) { r.Port = 0 })
	f("--port 65536", func(r *Registration) { r.Port = 65536 })
	f("one check", func(r *Registration) { r.HTTP, r.TTL = "http://h", time.Minute })
	f("--check-http", func(r *Registration) { r.HTTP = "h:8888/health" })
	f("no place for a user", func(r *Registration) { r.HTTP = "http://me:hush@h/" })
	f("--check-grpc", func(r *Registration) { r.GRPC = "h" })
	f("--check-tcp", func(r *Registration) { r.TCP = "h:x" })
	f("--check-ttl 1ms: want 1s or more", func(r *Registration) { r.TTL = time.Millisecond })
	f("--deregister-critical-after 1s: want 1m0s or more", func(r *Registration) { r.TCP, r.DeregisterAfter = "h:1", time.Second })
}

func TestRegistration(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := Registration{Name: "otlp", Address: "[::1]", Port: 1, TTL: time.Minute, Meta: map[string]string{"zone": "a"}}
	got := r.registration(now)
	if got.ID != "otlp" || got.Address != "::1" || got.Check.TTL != "1m0s" || got.Check.CheckID != "service:otlp" ||
		got.Meta["zone"] != "a" || got.Meta[metaRegisteredAt] != "2026-01-02T03:04:05Z" {
		t.Errorf("%+v, %+v", got, got.Check)
	}
	if len(r.Meta) != 1 {
		t.Error("the metadata that was handed in has changed")
	}
	r.TTL = 0
	if got := r.registration(now); got.Check != nil {
		t.Errorf("a check that nobody wants: %+v", got.Check)
	}
}
