package config

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/receiver"
)

// place is the keys that lead to a value.
type place []string

func placeOf(path string) place { return strings.Split(path, ".") }

func (p place) String() string { return strings.Join(p, ".") }

// at returns what is at the place, or nil.
func (p place) at(n *node) *node {
	for _, key := range p {
		n = n.field(key)
	}
	return n
}

// shortener writes what the short form says into the long one. Of two values
// for the same thing that of the higher layer holds; within one layer they must
// be equal.
type shortener struct{ doc *document }

func (s shortener) run() {
	s.endpoint()
	s.database()
	for _, t := range s.twins() {
		s.copy(t.short, t.long, t.translate)
	}
}

// twin is a key of the short form, and one of the long form that it stands for.
type twin struct {
	short     string
	long      place
	translate func(short string) string
}

// The keys of the short form that share the address for gRPC.
const (
	shortEndpoint = "otlp.grpc_endpoint"
	shortHost     = "server.host"
	shortPort     = "server.port"
)

func longEndpoint() place { return placeOf("receivers.otlp.protocols.grpc.endpoint") }

// twins returns all pairs but those of the address for gRPC.
func (s shortener) twins() []twin {
	all := []twin{
		{"otlp.http_endpoint", placeOf("receivers.otlp.protocols.http.endpoint"), identical},
		{"otlp.batch_size", placeOf("processors.batch.send_batch_size"), identical},
		{"server.workers", placeOf("service.workers"), identical},
		{"logging.level", placeOf("service.telemetry.logs.level"), strings.ToLower},
		{"logging.format", placeOf("service.telemetry.logs.encoding"), encodingOf},
	}
	for _, long := range s.timeouts() {
		all = append(all, twin{"otlp.timeout_seconds", long, seconds})
	}
	return all
}

func identical(text string) string { return text }

// encodingOf turns a logging.format into the long form's word for it.
func encodingOf(format string) string {
	if format == "text" {
		return "console"
	}
	return format
}

// seconds turns a number of seconds into a duration, as far as it is one.
func seconds(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return time.Duration(n * float64(time.Second)).String()
}

// scalar returns the scalar at the place, or nil.
func (p place) scalar(n *node) *node {
	if n = p.at(n); n != nil && n.kind == scalar {
		return n
	}
	return nil
}

// said returns the scalar at a place, or nil.
func (s shortener) said(p place) *node { return p.scalar(s.doc.root) }

// copy sets a key of the long form to what a key of the short form says.
func (s shortener) copy(short string, long place, translate func(string) string) {
	from := s.said(placeOf(short))
	if from == nil || !s.applies(from, short, long) {
		return
	}
	text := from.text
	if s.doc.written == nil || !refers(text) {
		text = translate(text)
	}
	there := s.said(long)
	switch {
	case there != nil && (there.src.rank > from.src.rank || same(there.text, text)):
	case there != nil && there.src.rank == from.src.rank:
		s.conflict(long, there, short, from)
	default:
		s.put(long, short, from, text)
	}
}

// same reports whether two texts are one value, whether or not it is a duration.
func same(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return a == b || errX == nil && errY == nil && x == y
}

// applies reports whether there is a component that has the long key, and warns
// if there is none.
func (s shortener) applies(from *node, short string, long place) bool {
	if !s.doc.components || long[0] == "service" || long[:2].at(s.doc.root) != nil {
		return true
	}
	s.doc.warns = append(s.doc.warns, locate(from, Finding{
		Path: short, Problem: fmt.Sprintf("has no effect: it is short for %s, and there is no %s", long, long[:2]),
		Hint: "remove it, or define " + long[:2].String(),
	}))
	return false
}

// put lays the text over the long form. It keeps the place where the short form
// has it.
func (s shortener) put(long place, short string, from *node, text string) {
	n := *from
	n.text, n.alias = text, short
	if !from.fromEnvironment() {
		n.raw = text
	}
	steps := make([]step, len(long))
	for i, key := range long {
		steps[i].key = &node{src: from.src, mark: from.mark, width: from.width, kind: scalar, text: key, raw: key}
	}
	s.doc.root = assign(s.doc.root, steps, &n)
}

// conflict reports two values for one thing in one layer.
func (s shortener) conflict(long place, there *node, short string, from *node) {
	problem := fmt.Sprintf("is %s, but %s, which is short for it, is %s", describe(there, rules{}), short, describe(from, rules{}))
	if there.src.hidden[there.mark] || from.src.hidden[from.mark] {
		problem = "differs from " + short + ", which is short for it"
	}
	f := Finding{
		Path:    long.String(),
		Problem: problem,
		Hint:    "remove one of them",
		Related: []Related{{from.position(), short, "the other value"}},
	}
	s.doc.errs = append(s.doc.errs, locate(there, f))
	s.doc.wrong[long.String()], s.doc.wrong[short] = true, true
}

// endpoint settles the address for gRPC, which has four sources: the long form;
// otlp.grpc_endpoint; and server.host and server.port, each of them half of it.
// A half counts if its layer is above that of the whole. In one layer
// otlp.grpc_endpoint is more specific than a half; the long form must agree.
func (s shortener) endpoint() {
	long := longEndpoint()
	s.copy(shortEndpoint, long, identical)
	text, rank, whole := receiver.DefaultConfig().Receivers["otlp"].Protocols.GRPC.Endpoint, 0, s.said(long)
	if whole != nil {
		text, rank = whole.text, whole.src.rank
	}
	host, port, err := splitAddress(text)
	if err != nil {
		return // validation says what is wrong with it
	}
	var latest *node
	var name string
	for short, part := range map[string]*string{shortHost: &host, shortPort: &port} {
		from := s.said(placeOf(short))
		switch {
		case from == nil, !s.applies(from, short, long):
			continue
		case from.src.rank == rank && whole != nil && whole.alias == "" && from.text != *part:
			s.conflict(long, whole, short, from)
		case from.src.rank > rank:
			*part = from.text
			if latest == nil || latest.src.rank < from.src.rank || latest.src.rank == from.src.rank && short == shortPort {
				latest, name = from, short
			}
		}
	}
	if latest != nil {
		s.put(long, name, latest, joinAddress(host, port))
	}
}

// splitAddress takes host:port apart. Either may be a reference, which has
// colons of its own.
func splitAddress(text string) (host, port string, err error) {
	end := strings.LastIndexByte(text, '}') + 1
	if end == 0 {
		return net.SplitHostPort(text)
	}
	at := end + strings.LastIndexByte(text[end:], ':')
	if at < end {
		at = strings.LastIndex(text, ":${")
	}
	if at < 0 {
		return "", "", errors.New("missing port in address")
	}
	return text[:at], text[at+1:], nil
}

func joinAddress(host, port string) string {
	if strings.ContainsRune(host, '}') {
		return host + ":" + port
	}
	return net.JoinHostPort(host, port)
}

// timeouts returns the places of the timeouts of all exporters that have one.
func (s shortener) timeouts() []place {
	var places []place
	exporters := s.doc.root.field("exporters")
	if exporters == nil || exporters.kind != mapping {
		return nil
	}
	for _, e := range exporters.entries {
		conf := s.doc.opts.Components["exporters"].fresh(typeOf(e.key.text))
		if !conf.IsValid() {
			continue
		}
		keys, err := fieldsOf(reflect.Indirect(conf).Type())
		if err == nil && slices.Contains(keys.keys(), "timeout") {
			places = append(places, place{"exporters", e.key.text, "timeout"})
		}
	}
	return places
}
