package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	discovered "github.com/otlpctl/otlpctl/pkg/discovery/etcd"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// etcd is a cluster of etcd, in which an entry lives as long as its lease.
type etcd struct {
	section *Etcd
	members []endpoint
	http    *http.Client
	now     int // the member that has answered last
	logged  *discovered.Gateway
	lease   int64
}

func newEtcd(c *Etcd) (*etcd, error) {
	r := &etcd{section: c}
	for i, text := range c.Endpoints {
		at, err := parseURL(text, "2379", c.TLS)
		if err != nil {
			return nil, underKey(fmt.Sprintf("endpoints[%d]", i), err)
		}
		r.members = append(r.members, at)
	}
	// One client is for all of them: its TLS matters to those that speak it.
	secured := max(0, slices.IndexFunc(r.members, func(at endpoint) bool { return at.scheme == "https" }))
	var err error
	if r.http, err = r.members[secured].client(c.TLS); err != nil {
		return nil, underKey("tls", err)
	}
	return r, nil
}

func (r *etcd) kind() string         { return "etcd" }
func (r *etcd) address() string      { return r.members[r.now].String() }
func (r *etcd) reached() string      { return r.members[0].reached() }
func (r *etcd) close()               { r.http.CloseIdleConnections() }
func (r *etcd) every() time.Duration { return r.section.TTL / 3 }

func (r *etcd) place(id string) string {
	return strings.Join(r.section.Endpoints, ",") + " " + string(r.key(id))
}

func (r *etcd) key(id string) []byte {
	return []byte(strings.TrimSuffix(r.section.Prefix, "/") + "/" + r.section.Name + "/" + id)
}

// Questions and answers, as far as they matter here. 64-bit numbers are text in the JSON of protobuf.
type (
	etcdLease struct {
		ID  int64 `json:"ID,string"`
		TTL int64 `json:"TTL,string"`
	}
	etcdEntry struct {
		Key   []byte `json:"key"`
		Value []byte `json:"value,omitempty"`
		Lease int64  `json:"lease,string,omitempty"`
	}
)

func (r *etcd) put(ctx context.Context, e entry) error {
	value, err := json.Marshal(resolve.Instance{ID: e.id, Addr: e.addr(), Zone: e.zone, Version: e.version, Tags: e.tags, Meta: e.meta})
	if err != nil {
		return err
	}
	if r.lease != 0 {
		if err := r.write(ctx, e.id, value); !isUnknownLease(err) {
			return err
		}
	}
	var granted etcdLease
	if err := r.call(ctx, "lease/grant", etcdLease{TTL: int64(r.section.TTL.Seconds())}, &granted); err != nil {
		return err
	}
	r.lease = granted.ID
	return r.write(ctx, e.id, value)
}

// write makes a value that of the entry, under the lease.
func (r *etcd) write(ctx context.Context, id string, value []byte) error {
	return r.call(ctx, "kv/put", etcdEntry{r.key(id), value, r.lease}, &struct{}{})
}

func isUnknownLease(err error) bool {
	return err != nil && strings.Contains(err.Error(), "requested lease not found")
}

func (r *etcd) confirm(ctx context.Context, e entry) error {
	var kept struct {
		Result etcdLease `json:"result"`
	}
	if err := r.call(ctx, "lease/keepalive", etcdLease{ID: r.lease}, &kept); err != nil {
		return err
	}
	if kept.Result.TTL <= 0 {
		r.lease = 0
		return errForgotten
	}
	var there struct {
		KVs []discovered.KeyValue `json:"kvs"`
	}
	if err := r.call(ctx, "kv/range", etcdEntry{Key: r.key(e.id)}, &there); err != nil {
		return err
	}
	switch {
	case len(there.KVs) == 0:
		return errForgotten
	case there.KVs[0].Lease != r.lease:
		return &takenError{e.id, "whoever wrote " + string(r.key(e.id)) + " last"}
	}
	return nil
}

// remove ends the lease, and the entry with it if that is under no other one by now.
func (r *etcd) remove(ctx context.Context, id string) error {
	if r.lease == 0 {
		return r.call(ctx, "kv/deleterange", etcdEntry{Key: r.key(id)}, &struct{}{})
	}
	err := r.call(ctx, "lease/revoke", etcdLease{ID: r.lease}, &struct{}{})
	if isUnknownLease(err) {
		return nil
	}
	return err
}

func (r *etcd) probe(ctx context.Context) error {
	return r.call(ctx, "kv/range", etcdEntry{Key: r.key("")}, &struct{}{})
}

// call asks the member that has answered last and, if it does not, the others.
func (r *etcd) call(ctx context.Context, method string, question, answer any) error {
	var errs []error
	for range r.members {
		err := r.ask(ctx, method, question, answer)
		if err == nil {
			return nil
		}
		errs = append(errs, explainEtcd("etcd at "+r.address(), err))
		if _, answered := errors.AsType[*registry.StatusError](err); answered || ctx.Err() != nil {
			break // the others would say the same
		}
		r.now, r.logged = (r.now+1)%len(r.members), nil
	}
	return errors.Join(errs...)
}

// explainEtcd says what to do about an error.
func explainEtcd(who string, err error) error {
	return discovered.Asked{
		Advice: registry.Advice{
			Start: "is etcd running? discovery.etcd.endpoints says where",
			TLS:   "see discovery.etcd.tls",
			Trust: "discovery.etcd.tls.ca_file names its certificate authority",
		},
		Login: "discovery.etcd.username and discovery.etcd.password",
	}.Explain(who, err)
}

// ask asks one member, and logs in before if there is a user, again when the token has become invalid.
func (r *etcd) ask(ctx context.Context, method string, question, answer any) error {
	for again := false; ; again = true {
		fresh := r.logged == nil
		if fresh {
			g := &discovered.Gateway{HTTP: r.http, URL: r.address()}
			if err := g.Login(ctx, r.section.Username, r.section.Password); err != nil {
				return err
			}
			r.logged = g
		}
		err := r.logged.Call(ctx, method, question, answer)
		status, ok := errors.AsType[*registry.StatusError](err)
		if !ok || again || fresh || !strings.Contains(status.Text, "invalid auth token") {
			return err
		}
		r.logged = nil
	}
}
