package pipeline

import (
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// BatchConfig is processors.batch: when the requests of a pipeline are put
// together to a larger one. A batch is sent as soon as any of its limits is reached.
type BatchConfig struct {
	Timeout                  time.Duration `yaml:"timeout" doc:"Send a batch at the latest this long after its first request; 0 sends each request at once." min:"0s"`
	SendBatchSize            int           `yaml:"send_batch_size" doc:"Send a batch when it holds this many items; 0 leaves it to the other limits." unit:"items" min:"0"`
	SendBatchMaxSize         int           `yaml:"send_batch_max_size" doc:"Split what is larger than this; 0 is no limit." unit:"items" min:"0"`
	SendBatchBytes           int           `yaml:"send_batch_bytes" doc:"Send a batch when it reaches this size before compression; 0 leaves it to the other limits." unit:"bytes" min:"0"`
	MetadataKeys             []string      `yaml:"metadata_keys" doc:"Batch requests apart that differ in these request headers (needs include_metadata on the receiver)."`
	MetadataCardinalityLimit int           `yaml:"metadata_cardinality_limit" doc:"Refuse requests that would need more separate batches than this." unit:"batches" min:"1"`
}

// DefaultBatchConfig returns the defaults of processors.batch. The byte limit
// keeps a batch small enough for the processor's caches; the Collector has none.
func DefaultBatchConfig() BatchConfig {
	return BatchConfig{
		Timeout: 200 * time.Millisecond, SendBatchSize: 8192, SendBatchBytes: 512 << 10, MetadataCardinalityLimit: 1000,
	}
}

// Validate checks what concerns several keys.
func (c *BatchConfig) Validate() error {
	if c.SendBatchMaxSize > 0 && c.SendBatchMaxSize < c.SendBatchSize {
		return invalid.Key("send_batch_max_size", "%d is below send_batch_size %d", c.SendBatchMaxSize, c.SendBatchSize)
	}
	return nil
}

// QueueConfig is an exporter's sending_queue.
type QueueConfig struct {
	Enabled         bool              `yaml:"enabled" doc:"Acknowledge a request once it is in the queue. Off: the client waits for the backend's answer and gets it."`
	NumConsumers    int               `yaml:"num_consumers" doc:"How many batches are sent at the same time." unit:"batches" min:"1" max:"10000"`
	QueueSize       int64             `yaml:"queue_size" doc:"How much the queue holds, in units of sizer, batches being sent included." min:"1"`
	Sizer           Sizer             `yaml:"sizer" doc:"What queue_size counts: batches to be sent, their items, or their bytes before compression." enum:"requests|items|bytes"`
	BlockOnOverflow bool              `yaml:"block_on_overflow" doc:"Let the client wait for room instead of asking it to come back."`
	WaitForResult   bool              `yaml:"wait_for_result" doc:"Let the client wait for the backend's answer, as with enabled: false."`
	Batch           *QueueBatchConfig `yaml:"batch" doc:"Batching for this exporter, in place of the pipelines' batch processor."`
}

// QueueBatchConfig is sending_queue.batch.
type QueueBatchConfig struct {
	FlushTimeout time.Duration `yaml:"flush_timeout" doc:"Send a batch at the latest this long after its first request." min:"1ms"`
	MinSize      int           `yaml:"min_size" doc:"Send a batch when it reaches this size." min:"0"`
	MaxSize      int           `yaml:"max_size" doc:"Split what is larger than this; 0 is no limit." min:"0"`
	Sizer        Sizer         `yaml:"sizer" doc:"What min_size and max_size count." enum:"items|bytes"`
}

// Sizer is a unit of size for requests.
type Sizer string

// The units of size.
const (
	Requests Sizer = "requests"
	Items    Sizer = "items"
	Bytes    Sizer = "bytes"
)

// DefaultQueueConfig returns the Collector's defaults of sending_queue.
func DefaultQueueConfig() QueueConfig {
	return QueueConfig{Enabled: true, NumConsumers: 10, QueueSize: 1000, Sizer: Requests}
}

// SetDefaults sets the Collector's defaults of sending_queue.batch.
func (c *QueueBatchConfig) SetDefaults() {
	*c = QueueBatchConfig{FlushTimeout: 200 * time.Millisecond, MinSize: 8192, Sizer: Items}
}

// Validate checks what concerns several keys.
func (c *QueueConfig) Validate() error {
	if b := c.Batch; b != nil && b.MaxSize > 0 && b.MaxSize < b.MinSize {
		return invalid.Key("batch.max_size", "%d is below min_size %d", b.MaxSize, b.MinSize)
	}
	return nil
}

// waits reports whether the client gets the exporter's verdict.
func (c *QueueConfig) waits() bool { return !c.Enabled || c.WaitForResult }

// RetryConfig is an exporter's retry_on_failure: exponential backoff with jitter.
type RetryConfig struct {
	Enabled             bool          `yaml:"enabled" doc:"Send a batch again after a failure that may pass. Off: such a batch is dropped and counted."`
	InitialInterval     time.Duration `yaml:"initial_interval" doc:"Wait this long before the second attempt." min:"0s"`
	RandomizationFactor float64       `yaml:"randomization_factor" doc:"Vary each wait by up to this share, either way." min:"0" max:"1"`
	Multiplier          float64       `yaml:"multiplier" doc:"Wait this many times as long after each further failure." min:"0"`
	MaxInterval         time.Duration `yaml:"max_interval" doc:"Never wait longer than this, unless the backend asks for it." min:"0s"`
	MaxElapsedTime      time.Duration `yaml:"max_elapsed_time" doc:"Give a batch up this long after its first attempt; 0 never does." min:"0s"`
}

// DefaultRetryConfig returns the Collector's defaults of retry_on_failure.
func DefaultRetryConfig() RetryConfig {
	return RetryConfig{
		Enabled: true, InitialInterval: 5 * time.Second, RandomizationFactor: 0.5, Multiplier: 1.5,
		MaxInterval: 30 * time.Second, MaxElapsedTime: 5 * time.Minute,
	}
}

// Validate checks what concerns several keys.
func (c *RetryConfig) Validate() error {
	if c.Enabled && c.MaxElapsedTime > 0 && c.MaxElapsedTime < c.InitialInterval {
		return invalid.Key("max_elapsed_time", "%s is below initial_interval %s: a batch would never be sent twice", c.MaxElapsedTime, c.InitialInterval)
	}
	return nil
}
