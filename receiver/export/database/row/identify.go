package row

import "github.com/otlpctl/otlpctl/receiver/wire"

// What items refer to is the same if it says the same: in columns, and in the few
// fields that have none. Only of what says more than that the bytes count.

// identifyResource returns the ID of the resource, whose columns have been made.
func (d *Decoder) identifyResource(schemaURL []byte) ID {
	a, k := &d.resource, &d.digest
	if a.writer.lossy || has(a.OTLP, resourceEntities) || !plain(wire.Resource, a.OTLP) {
		return k.encoded(resourceDomain, schemaURL, a.OTLP)
	}
	k.begin(resourceDomain, 0)
	k.bytes(schemaURL)
	k.bytes(a.Attributes)
	k.number(lastNumber(a.OTLP, resourceDroppedAttributes))
	return k.end()
}

// identifyScope is the same for the scope.
func (d *Decoder) identifyScope(schemaURL []byte) ID {
	a, k := &d.scope, &d.digest
	if a.writer.lossy || !plain(wire.InstrumentationScope, a.OTLP) {
		return k.encoded(scopeDomain, schemaURL, a.OTLP)
	}
	k.begin(scopeDomain, 0)
	k.bytes(schemaURL)
	k.bytes(a.Name)
	k.bytes(a.Version)
	k.bytes(a.Attributes)
	k.number(lastNumber(a.OTLP, scopeDroppedAttributes))
	return k.end()
}

// identifyMetric is the same for the metric.
func (d *Decoder) identifyMetric() ID {
	a, k := &d.metric, &d.digest
	metadata := a.writer.attributes(a.OTLP, metricMetadata)
	if a.writer.lossy || !plain(wire.Metric, a.OTLP) {
		return k.encoded(metricDomain, a.OTLP)
	}
	k.begin(metricDomain, 0)
	k.bytes(a.Name)
	k.bytes(a.Description)
	k.bytes(a.Unit)
	k.number(uint64(a.Kind))
	k.number(uint64(a.Temporality))
	k.flag(a.Monotonic)
	k.bytes(metadata)
	return k.end()
}
