package consul

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"
	"golang.org/x/time/rate"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// The parameters of a URL.
const (
	paramDatacenter = "dc"
	paramNamespace  = "ns"
	paramPartition  = "partition"
	paramPassing    = "passing"
	paramTLS        = "tls"
)

const (
	// wait is how long the agent holds an answer back while nothing changes. It adds up to a sixteenth.
	wait = 5 * time.Minute
	// burst is how many questions may follow each other without a pause, and pause how long it is then: checks that flap, or an
	// agent that does not hold answers back, do not make a tight loop.
	burst = 4
	pause = 500 * time.Millisecond
)

// service is one that an agent is asked for.
type service struct {
	client  *api.Client
	who     string // the agent, in messages
	name    string
	tags    []string
	passing bool
	// anonymous says that there is no token.
	anonymous bool
}

// Open returns the source of consul://[HOST[:PORT]]/NAME. Without a host the agent is that of CONSUL_HTTP_ADDR, or 127.0.0.1:8500.
func Open(t registry.Target) (*registry.Source, error) {
	if err := t.Allow(paramDatacenter, paramNamespace, paramPartition, paramPassing, paramTLS); err != nil {
		return nil, err
	}
	if t.Path == "" || strings.Contains(t.Path, "/") {
		return nil, hinted.New(fmt.Errorf("%s: the path is to be the name of one service", t), "write consul://HOST:PORT/NAME")
	}
	passing, err := t.Flag(paramPassing, true)
	if err != nil {
		return nil, err
	}
	conf, err := configure(t)
	if err != nil {
		return nil, err
	}
	client, err := connect(conf)
	if err != nil {
		return nil, err
	}
	s := &service{client: client, who: "consul " + shown(conf.Address), name: t.Path, tags: t.Choice().Tags, passing: passing, anonymous: conf.Token == "" && conf.TokenFile == ""}
	return &registry.Source{Name: t.Path, Watch: s.watch, Choice: t.Choice()}, nil
}

// shown returns an address without what may be a secret in it, and its scheme.
func shown(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	return address[strings.LastIndexByte(address, '@')+1:]
}

// watch asks blocking queries.
func (s *service) watch(ctx context.Context, found func([]resolve.Instance)) error {
	limit := rate.NewLimiter(rate.Every(pause), burst)
	var index uint64
	seen := false
	for {
		if err := limit.Wait(ctx); err != nil {
			return ctx.Err()
		}
		entries, meta, err := s.ask(ctx, index)
		if err != nil {
			return byURL().explain(s.who, err)
		}
		if seen = seen || len(entries) > 0; !seen && s.isBlind(meta) {
			return byURL().explain(s.who, errBlind)
		}
		found(instances(entries, s.passing))
		index = Next(index, meta.LastIndex)
	}
}

// errBlind says that who asks may see nothing, which agents answer as if there were nothing.
var errBlind = errors.New("shows no instance to who has no token for that")

// isBlind says whether an answer that is empty may be so because of the token, or because there is none.
func (s *service) isBlind(meta *api.QueryMeta) bool { return isBlind(meta, s.anonymous) }

func isBlind(meta *api.QueryMeta, anonymous bool) bool {
	return meta.ResultsFilteredByACLs || anonymous && meta.DefaultACLPolicy == "deny"
}

// Query returns the options of a question that waits for a change since index, or for nothing if that is 0. It takes no longer than
// the agent may take to answer.
func Query(ctx context.Context, index uint64) (*api.QueryOptions, context.CancelFunc) {
	patience := registry.AnswerTimeout
	options := &api.QueryOptions{WaitIndex: index}
	if index != 0 {
		options.WaitTime = wait
		patience += wait + wait/16
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	return options.WithContext(ctx), cancel
}

// Next returns the index from which to wait on. One that goes backwards is of servers that have begun anew, and says nothing: all
// is asked for without waiting.
func Next(index, answered uint64) uint64 {
	if answered < index {
		return 0
	}
	return max(answered, 1)
}

// ask waits for a change since index, or for nothing if that is 0.
func (s *service) ask(ctx context.Context, index uint64) ([]*api.ServiceEntry, *api.QueryMeta, error) {
	options, cancel := Query(ctx, index)
	defer cancel()
	entries, meta, err := s.client.Health().ServiceMultipleTags(s.name, s.tags, s.passing, options)
	if err == nil && meta == nil {
		err = errors.New("the answer has no index")
	}
	return entries, meta, err
}
