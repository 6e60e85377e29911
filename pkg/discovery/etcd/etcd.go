package etcd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

const (
	defaultAddr = "127.0.0.1:2379"
	defaultPort = "2379"
	paramTLS    = "tls"
)

// relist is how often all entries may be read at most while the changes since are lost again and again.
const relist = time.Second

// service is one that etcd is asked for.
type service struct {
	http   *http.Client
	scheme string
	// prefix is what the keys of all its instances begin with, up to their IDs.
	prefix string
}

// Open returns the source of etcd://HOST[:PORT],…/PREFIX/NAME, whose instances are the entries /PREFIX/NAME/ID. Without a host
// the members are those of ETCDCTL_ENDPOINTS, or 127.0.0.1:2379.
func Open(t registry.Target) (*registry.Source, error) {
	if err := t.Allow(paramTLS); err != nil {
		return nil, err
	}
	path := strings.Trim(t.Path, "/")
	if path == "" {
		return nil, hinted.New(fmt.Errorf("%s: the path is to be the prefix of the service's keys", t), "write etcd://HOST:PORT/PREFIX/NAME")
	}
	addrs, secure, err := members(t)
	if err != nil {
		return nil, err
	}
	s := &service{http: &http.Client{Transport: registry.Transport(nil)}, scheme: "http", prefix: "/" + path + "/"}
	if secure {
		conf, err := registry.TLSFromEnv(envCA, envCert, envKey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		s.scheme, s.http = "https", &http.Client{Transport: registry.Transport(conf)}
	}
	watch := func(ctx context.Context, found func([]resolve.Instance)) error {
		return registry.AnyOf(addrs, found, func(addr string, found func([]resolve.Instance)) error {
			return s.watch(ctx, addr, found)
		})
	}
	return &registry.Source{Name: path, Watch: watch, Choice: t.Choice()}, nil
}

// members returns the addresses of the members that may be asked, and whether they speak TLS.
func members(t registry.Target) (addrs []string, secure bool, err error) {
	if len(t.Hosts) == 0 {
		for at := range strings.SplitSeq(cmp.Or(os.Getenv(envEndpoints), defaultAddr), ",") {
			scheme, host, hasScheme := strings.Cut(strings.TrimSpace(at), "://")
			if !hasScheme {
				host = scheme
			}
			secure = secure || scheme == "https"
			t.Hosts = append(t.Hosts, strings.TrimSuffix(host, "/"))
		}
	}
	if secure, err = t.Flag(paramTLS, secure); err != nil {
		return nil, false, err
	}
	addrs, err = t.Addrs(defaultPort)
	return addrs, secure, err
}

// watch reads all entries, then follows their changes. When etcd has forgotten those since, it begins again.
func (s *service) watch(ctx context.Context, addr string, found func([]resolve.Instance)) error {
	who := "etcd " + addr
	g := &Gateway{HTTP: s.http, URL: s.scheme + "://" + addr}
	name, password := credentials()
	if err := g.Login(ctx, name, password); err != nil {
		return byURL().Explain(who, err)
	}
	limit := rate.NewLimiter(rate.Every(relist), 2)
	for {
		if err := limit.Wait(ctx); err != nil {
			return ctx.Err()
		}
		err := s.follow(ctx, g, found)
		if !errors.Is(err, errCompacted) {
			return byURL().Explain(who, err)
		}
	}
}

// follow reads all entries and follows their changes until something is in the way.
func (s *service) follow(ctx context.Context, g *Gateway, found func([]resolve.Instance)) error {
	entries, revision, err := s.list(ctx, g)
	if err != nil {
		return err
	}
	e := known{prefix: s.prefix, instances: map[string]resolve.Instance{}, faulty: map[string]error{}}
	for _, entry := range entries {
		e.put(entry)
	}
	if err := e.tell(found); err != nil {
		return err
	}
	return g.changes(ctx, keysUnder(s.prefix), revision+1, func(changes []event) error {
		for _, c := range changes {
			e.apply(c)
		}
		return e.tell(found)
	})
}

func (s *service) list(ctx context.Context, g *Gateway) ([]KeyValue, int64, error) {
	var answer struct {
		Header header     `json:"header"`
		KVs    []KeyValue `json:"kvs"`
	}
	err := g.Call(ctx, "kv/range", keysUnder(s.prefix), &answer)
	return answer.KVs, answer.Header.Revision, err
}

// keys are those from Key on, up to but without End.
type keys struct {
	Key []byte `json:"key"`
	End []byte `json:"range_end"`
}

// keysUnder returns those that begin with a prefix, which ends with a slash.
func keysUnder(prefix string) keys {
	return keys{[]byte(prefix), append([]byte(prefix[:len(prefix)-1]), '/'+1)}
}

// known are the entries that are known.
type known struct {
	prefix    string
	instances map[string]resolve.Instance // by ID
	faulty    map[string]error            // by ID, those that are no instance
}

func (k *known) apply(c event) {
	if c.Type == typeDelete {
		id := k.id(c.KV)
		delete(k.instances, id)
		delete(k.faulty, id)
		return
	}
	k.put(c.KV)
}

func (k *known) put(entry KeyValue) {
	id := k.id(entry)
	if id == "" || strings.Contains(id, "/") {
		return // of another service
	}
	delete(k.instances, id)
	delete(k.faulty, id)
	i, err := instanceOf(id, entry.Value)
	if err != nil {
		k.faulty[id] = err
		return
	}
	k.instances[id] = i
}

func (k *known) id(entry KeyValue) string { return strings.TrimPrefix(string(entry.Key), k.prefix) }

// instanceOf reads the value of an entry: the JSON of an instance.
func instanceOf(id string, value []byte) (resolve.Instance, error) {
	var i resolve.Instance
	if err := json.Unmarshal(value, &i); err != nil {
		return i, fmt.Errorf("the value is not the JSON of an instance: %w", err)
	}
	addr, err := registry.Addr(i.Addr, "")
	if err != nil {
		return i, fmt.Errorf("addr: %w", err)
	}
	i.ID, i.Addr = id, addr
	return i, nil
}

// tell tells all instances. What is no instance is left out, and an error only if there is nothing else.
func (k *known) tell(found func([]resolve.Instance)) error {
	if len(k.instances) == 0 && len(k.faulty) > 0 {
		id := slices.Min(slices.Collect(maps.Keys(k.faulty)))
		return hinted.New(fmt.Errorf("the entry %s%s: %w", k.prefix, id, k.faulty[id]), `a value is such as {"addr": "10.0.0.1:4317", "zone": "a"}`)
	}
	all := make([]resolve.Instance, 0, len(k.instances))
	for _, i := range k.instances {
		all = append(all, i)
	}
	found(all)
	return nil
}
