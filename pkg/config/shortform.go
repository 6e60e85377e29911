package config

import (
	"reflect"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// shortForm is what the long form amounts to in the short one.
type shortForm struct {
	Short
	// sources are what decided on the values, by path; nil for a default.
	sources map[string]*node
	// unsaid are the keys without a value: what they stand for does not exist, or
	// is more than the short form can say.
	unsaid map[string]bool
}

// shortForm derives the short form from the effective configuration.
func (l Loaded) shortForm() shortForm {
	form := shortForm{sources: map[string]*node{}, unsaid: map[string]bool{}}
	l.shortDatabase(&form)
	for _, t := range (shortener{l.doc}).twins() {
		form.sources[t.short] = t.long.at(l.doc.root)
	}
	l.shortReceiver(&form)
	form.unsaid["otlp.timeout_seconds"] = true
	if same, ok := l.commonTimeout(); ok {
		form.OTLP.TimeoutSeconds = same.Seconds()
		form.unsaid["otlp.timeout_seconds"] = seconds(strconv.FormatFloat(same.Seconds(), 'g', -1, 64)) != same.String()
	}
	if batch, ok := l.Config.Processors["batch"].(*pipeline.BatchConfig); ok {
		form.OTLP.BatchSize = batch.SendBatchSize
	}
	form.Server.Workers = l.Config.Service.Workers
	logs := l.Config.Service.Telemetry.Logs
	form.Logging = LoggingSection{Level: logs.Level, Format: logs.Encoding}
	if logs.Encoding == encodingOf("text") {
		form.Logging.Format = "text"
	}
	return form
}

// shortReceiver fills in the addresses of the receiver that the short form is about.
func (l Loaded) shortReceiver(form *shortForm) {
	s := shortener{l.doc}
	form.sources[shortEndpoint] = longEndpoint().at(l.doc.root)
	form.sources[shortHost], form.sources[shortPort] = s.half(shortHost), s.half(shortPort)
	otlp := l.Config.Receivers["otlp"]
	if otlp == nil {
		return
	}
	if grpc := otlp.Protocols.GRPC; grpc != nil {
		form.OTLP.GRPCEndpoint = grpc.Endpoint
		if host, port, err := splitAddress(grpc.Endpoint); err == nil && grpc.Transport != "unix" {
			form.Server.Host = host
			form.Server.Port, _ = strconv.Atoi(port) // 0, if it is a name, has no place there
		}
	}
	if http := otlp.Protocols.HTTP; http != nil {
		form.OTLP.HTTPEndpoint = http.Endpoint
	}
}

// shortDatabase fills in the database, whether or not there is an exporter to it.
func (l Loaded) shortDatabase(form *shortForm) {
	form.Database = l.short.Database
	conf, ok := l.Config.Exporters[databaseID].(*database.Config)
	if ok {
		form.Database = DatabaseSection{URL: string(conf.URL), MaxConnections: conf.MaxConnections}
	}
	for _, t := range databaseTwins() {
		from := t.long
		if !ok {
			from = placeOf(t.short)
		}
		form.sources[t.short] = from.at(l.doc.root)
	}
}

// half returns what decided on one half of the address for gRPC: the short key
// for it, or a whole address of the same or a higher layer; nil is the default.
func (s shortener) half(short string) *node {
	whole := longEndpoint().scalar(s.doc.said)
	if other := placeOf(shortEndpoint).scalar(s.doc.said); higher(other, whole) {
		whole = other
	}
	if part := placeOf(short).scalar(s.doc.said); higher(part, whole) {
		return part
	}
	return whole
}

// higher reports whether a is said above b.
func higher(a, b *node) bool {
	return a != nil && (b == nil || a.src.rank > b.src.rank)
}

// commonTimeout returns the timeout of every exporter that has one, if they agree.
func (l Loaded) commonTimeout() (time.Duration, bool) {
	var common time.Duration
	places := shortener{l.doc}.timeouts()
	for i, p := range places {
		at, left := reach(reflect.ValueOf(l.Config), p.steps())
		if len(left) > 0 || i > 0 && time.Duration(at.Int()) != common {
			return 0, false
		}
		common = time.Duration(at.Int())
	}
	return common, len(places) > 0
}

// reach follows steps into a value, as far as there is something. left are the
// steps that lead nowhere.
func reach(v reflect.Value, steps []step) (at reflect.Value, left []step) {
	for {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			if v.IsNil() {
				return v, steps
			}
			v = v.Elem()
		}
		if len(steps) == 0 {
			return v, nil
		}
		next := stepInto(v, steps[0])
		if !next.IsValid() {
			return v, steps
		}
		v, steps = next, steps[1:]
	}
}

// stepInto takes one step. What it returns is invalid if there is nothing.
func stepInto(v reflect.Value, s step) reflect.Value {
	switch {
	case s.key == nil:
		if v.Kind() == reflect.Slice && s.index < v.Len() {
			return v.Index(s.index)
		}
	case v.Kind() == reflect.Struct:
		keys, err := fieldsOf(v.Type())
		if f, ok := keys.byKey(s.key.text); ok && err == nil {
			return v.FieldByIndex(f.index)
		}
	case v.Kind() == reflect.Map:
		return v.MapIndex(reflect.ValueOf(s.key.text).Convert(v.Type().Key()))
	}
	return reflect.Value{}
}
