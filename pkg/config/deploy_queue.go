package config

import (
	"reflect"

	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// QueueBytes returns how many bytes the queues of all exporters in use hold together at most. It is
// not bounded if one of them counts something else: the receiver's memory bounds that one.
func (p Portable) QueueBytes() (most int64, bounded bool) {
	bounded = true
	for _, id := range p.Config.Named(func(c receiver.PipelineConfig) []receiver.ID { return c.Exporters }) {
		at, left := reach(reflect.ValueOf(p.Config), place{"exporters", string(id), "sending_queue"}.steps())
		if len(left) > 0 {
			continue
		}
		queue, ok := reflect.TypeAssert[pipeline.QueueConfig](at)
		switch {
		case !ok, !queue.Enabled, queue.WaitForResult:
		case queue.Sizer == pipeline.Bytes:
			most += queue.QueueSize
		default:
			bounded = false
		}
	}
	return most, bounded
}
