package row

import (
	"bytes"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// reference is an item with what it refers to. The metric is nil unless it is a data point.
type reference struct {
	*Item
	resource Resource
	scope    Scope
	metric   *Metric
}

// references returns all items, in their order.
func (r *recorder) references() []reference {
	resources, scopes, metrics := map[ID]Resource{}, map[ID]Scope{}, map[ID]*Metric{}
	for _, row := range r.resources {
		resources[row.ID] = row
	}
	for _, row := range r.scopes {
		scopes[row.ID] = row
	}
	for i := range r.metrics {
		metrics[r.metrics[i].ID] = &r.metrics[i]
	}
	all := make([]reference, 0, len(r.order))
	for _, i := range r.allItems() {
		all = append(all, reference{Item: i, resource: resources[i.Resource], scope: scopes[i.Scope]})
	}
	for i := range r.points {
		all[i].metric = metrics[r.points[i].Metric]
	}
	return all
}

// request returns the rows as a request again, each item with a resource and scope of its own.
func (r *recorder) request(t testing.TB) (b []byte) {
	t.Helper()
	items := r.items(t)
	for i, of := range r.references() {
		entry := items[i].b
		if of.metric != nil {
			entry = slices.Concat(of.metric.OTLP, inMessages(entry, protowire.Number(of.metric.Kind), dataPoints))
		}
		entries := slices.Concat(inMessages(of.scope.OTLP, fieldScope), inMessages(entry, fieldEntries), inMessages(of.scope.SchemaURL, fieldSchemaURL))
		all := slices.Concat(inMessages(of.resource.OTLP, fieldResource), inMessages(entries, fieldScopes), inMessages(of.resource.SchemaURL, fieldSchemaURL))
		b = append(b, inMessages(all, fieldResources)...)
	}
	return b
}

// checkKeys checks that what is read out of a database, and sent again, is known there.
func (r *recorder) checkKeys(t testing.TB, sig wire.Signal, back *recorder) {
	t.Helper()
	request := back.request(t)
	again, fromJSON := record(t, sig, request).allItems(), record(t, sig, throughJSON(t, sig, request)).allItems()
	for i, want := range r.references() {
		if !want.readable() {
			continue
		}
		if again[i].Key != want.Key {
			t.Fatalf("item %d has another key when it is sent again: %x", i, request)
		}
		if want.Raw == nil && !want.byBytes() && fromJSON[i].Key != want.Key {
			t.Fatalf("item %d has another key as JSON: %x", i, request)
		}
	}
}

// readable reports whether the URLs of the schemas around an item are in columns.
func (r reference) readable() bool {
	return !bytes.Contains(r.resource.SchemaURL, []byte("\uFFFD")) && !bytes.Contains(r.scope.SchemaURL, []byte("\uFFFD"))
}

// byBytes reports whether anything around an item is known by its bytes.
func (r reference) byBytes() bool {
	var k digest
	return k.encoded(resourceDomain, r.resource.SchemaURL, r.resource.OTLP) == r.resource.ID ||
		k.encoded(scopeDomain, r.scope.SchemaURL, r.scope.OTLP) == r.scope.ID ||
		r.metric != nil && k.encoded(metricDomain, r.metric.OTLP) == r.metric.ID
}
