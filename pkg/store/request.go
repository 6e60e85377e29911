package store

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// SpanJSON returns spans as one OTLP/JSON document in a line: what can be sent again.
func (s *Store) SpanJSON(ctx context.Context, spans []*row.Span) ([]byte, error) {
	all := make([]encoded, 0, len(spans))
	for _, span := range spans {
		item, err := row.AppendSpan(nil, span)
		if err != nil {
			return nil, fmt.Errorf("span %x: %w", span.SpanID, err)
		}
		all = append(all, encoded{span.Resource, span.Scope, nil, item})
	}
	return s.json(ctx, wire.Traces, all)
}

// LogJSON returns log records as one OTLP/JSON document in a line.
func (s *Store) LogJSON(ctx context.Context, logs []*row.Log) ([]byte, error) {
	all := make([]encoded, 0, len(logs))
	for _, log := range logs {
		item, err := row.AppendLog(nil, log)
		if err != nil {
			return nil, fmt.Errorf("log record %s: %w", log.Key, err)
		}
		all = append(all, encoded{log.Resource, log.Scope, nil, item})
	}
	return s.json(ctx, wire.Logs, all)
}

// PointJSON returns data points as one OTLP/JSON document in a line.
func (s *Store) PointJSON(ctx context.Context, points []Point) ([]byte, error) {
	all := make([]encoded, 0, len(points))
	for _, point := range points {
		item, err := row.AppendPoint(nil, point.Point)
		if err != nil {
			return nil, fmt.Errorf("data point %s of %s: %w", point.Key, point.Of.Name, err)
		}
		all = append(all, encoded{point.Resource, point.Scope, point.Of, item})
	}
	return s.json(ctx, wire.Metrics, all)
}

// encoded is an encoded item and what it belongs to.
type encoded struct {
	resource, scope row.ID
	metric          *row.Metric // nil unless it is a data point
	item            []byte
}

func (s *Store) json(ctx context.Context, sig wire.Signal, items []encoded) ([]byte, error) {
	if len(items) == 0 {
		return []byte(`{"` + sig.Request().Fields()[0].Name + `":[]}`), nil
	}
	tree, resources, scopes := group(items)
	r, err := s.origins(ctx, "otlp_resources", resources)
	if err != nil {
		return nil, err
	}
	sc, err := s.origins(ctx, "otlp_scopes", scopes)
	if err != nil {
		return nil, err
	}
	return otlpjson.AppendJSON(nil, sig, tree.append(nil, r, sc))
}

// The numbers of fields that all signals have alike: Export…Request, Resource…s and Scope…s.
const (
	fieldResources = 1

	fieldResource          = 1
	fieldScopes            = 2
	fieldResourceSchemaURL = 3

	fieldScope          = 1
	fieldItems          = 2 // spans, metrics, or log records
	fieldScopeSchemaURL = 3

	fieldDataPoints = 1 // of each kind of metric
)

// request is a request by resources, in the order in which they came.
type request struct {
	resources []*resourceItems
}

type resourceItems struct {
	id     row.ID
	scopes []*scopeItems
}

type scopeItems struct {
	id      row.ID
	items   [][]byte
	metrics []*metricItems
}

type metricItems struct {
	metric *row.Metric
	points [][]byte
}

// group puts together what has the same resource, scope and metric. It returns the IDs as well.
func group(items []encoded) (r request, resources, scopes []row.ID) {
	byResource := map[row.ID]*resourceItems{}
	byScope := map[[2]row.ID]*scopeItems{}
	byMetric := map[[3]row.ID]*metricItems{}
	seen := map[row.ID]bool{}
	for _, e := range items {
		res := entry(byResource, e.resource, func() *resourceItems {
			made := &resourceItems{id: e.resource}
			r.resources = append(r.resources, made)
			resources = append(resources, e.resource)
			return made
		})
		scope := entry(byScope, [2]row.ID{e.resource, e.scope}, func() *scopeItems {
			made := &scopeItems{id: e.scope}
			res.scopes = append(res.scopes, made)
			if !seen[e.scope] {
				seen[e.scope] = true
				scopes = append(scopes, e.scope)
			}
			return made
		})
		if e.metric == nil {
			scope.items = append(scope.items, e.item)
			continue
		}
		metric := entry(byMetric, [3]row.ID{e.resource, e.scope, e.metric.ID}, func() *metricItems {
			made := &metricItems{metric: e.metric}
			scope.metrics = append(scope.metrics, made)
			return made
		})
		metric.points = append(metric.points, e.item)
	}
	return r, resources, scopes
}

// entry returns the value of a key, which is made if there is none.
func entry[K comparable, V any](in map[K]*V, key K, makeIt func() *V) *V {
	if v := in[key]; v != nil {
		return v
	}
	in[key] = makeIt()
	return in[key]
}

func (r request) append(dst []byte, resources, scopes map[row.ID]origin) []byte {
	for _, of := range r.resources {
		o := resources[of.id]
		body := field(nil, fieldResource, o.otlp)
		for _, scope := range of.scopes {
			body = field(body, fieldScopes, scope.append(nil, scopes[scope.id]))
		}
		if len(o.schemaURL) > 0 {
			body = field(body, fieldResourceSchemaURL, o.schemaURL)
		}
		dst = field(dst, fieldResources, body)
	}
	return dst
}

func (s *scopeItems) append(dst []byte, o origin) []byte {
	dst = field(dst, fieldScope, o.otlp)
	for _, item := range s.items {
		dst = field(dst, fieldItems, item)
	}
	for _, m := range s.metrics {
		dst = field(dst, fieldItems, m.append(nil))
	}
	if len(o.schemaURL) > 0 {
		dst = field(dst, fieldScopeSchemaURL, o.schemaURL)
	}
	return dst
}

// append appends the metric, and then once more the message of its kind, with the data points: as protobuf has it, the
// two are one.
func (m *metricItems) append(dst []byte) []byte {
	dst = append(dst, m.metric.OTLP...)
	var points []byte
	for _, p := range m.points {
		points = field(points, fieldDataPoints, p)
	}
	return field(dst, protowire.Number(m.metric.Kind), points)
}

func field(dst []byte, number protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), body)
}
