package receiver

import (
	"context"
	"time"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/presence"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// WithdrawLimit bounds how long registries may take to forget the receiver: what is in flight waits for it.
const WithdrawLimit = 3 * time.Second

// announce tells registries about the generation.
func (r *Receiver) announce(ctx context.Context, g *generation) {
	if r.deps.Announcer != nil {
		r.deps.Announcer.Announce(ctx, r.presence(g))
	}
}

// withdraw makes registries forget the receiver. It returns for how long clients may still come.
func (r *Receiver) withdraw(ctx context.Context) time.Duration {
	if r.deps.Announcer == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, WithdrawLimit)
	defer cancel()
	return r.deps.Announcer.Withdraw(ctx)
}

func (r *Receiver) registrations() []presence.Registration {
	if r.deps.Announcer == nil {
		return nil
	}
	return r.deps.Announcer.Registrations()
}

// presence describes a generation that listens.
func (r *Receiver) presence(g *generation) presence.Presence {
	p := presence.Presence{Version: r.deps.Build.Version, ConfigHash: g.hash}
	add := func(protocol, addr string, tls *tlsconf.Server) {
		p.Endpoints = append(p.Endpoints, presence.Endpoint{
			Protocol: protocol, Addr: addr, TLS: tls != nil, ClientCert: tls != nil && tls.ClientCAFile != "",
		})
	}
	for _, id := range sortedKeys(g.servers) {
		s, protocols := g.servers[id], g.servers[id].cfg.Protocols
		if c := protocols.GRPC; c != nil && c.Transport != "unix" {
			add(string(ingest.GRPC), s.Addr(ingest.GRPC), c.TLS)
		}
		if c := protocols.HTTP; c != nil && c.Transport != "unix" {
			add(string(ingest.HTTP), s.Addr(ingest.HTTP), c.TLS)
		}
	}
	for _, d := range g.desk {
		add("metrics", d.Addr(), d.made.admin.TLS)
	}
	return p
}
