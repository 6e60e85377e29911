package admin

import "slices"

// The names of the metrics are API. Those of the process and of the Go runtime
// are what Prometheus's own client libraries call them, so that dashboards know them.
const (
	nameBuildInfo   = "otlpctl_build_info"
	nameReady       = "otlpctl_ready"
	nameGeneration  = "otlpctl_config_generation"
	nameLoaded      = "otlpctl_config_loaded_timestamp_seconds"
	nameReloads     = "otlpctl_config_reloads_total"
	nameReloadOK    = "otlpctl_config_last_reload_successful"
	nameInFlight    = "otlpctl_receiver_in_flight_bytes"
	nameInFlightMax = "otlpctl_receiver_in_flight_limit_bytes"

	nameConnections   = "otlpctl_receiver_connections"
	nameUnmatched     = "otlpctl_receiver_unmatched_requests_total"
	nameRequests      = "otlpctl_receiver_requests_total"
	nameRefused       = "otlpctl_receiver_refused_requests_total"
	nameAccepted      = "otlpctl_receiver_accepted_items_total"
	nameRejected      = "otlpctl_receiver_rejected_items_total"
	nameReceivedBytes = "otlpctl_receiver_received_bytes_total"
	nameAcceptedBytes = "otlpctl_receiver_accepted_bytes_total"
	nameRequestTime   = "otlpctl_receiver_request_duration_seconds"

	nameExporterAccepted = "otlpctl_exporter_accepted_items_total"
	nameExporterExported = "otlpctl_exporter_exported_items_total"
	nameDuplicates       = "otlpctl_exporter_duplicate_items_total"
	nameExporterRejected = "otlpctl_exporter_rejected_items_total"
	nameExporterDropped  = "otlpctl_exporter_dropped_items_total"
	nameExporterQueued   = "otlpctl_exporter_queued_items"
	nameExporterSpooled  = "otlpctl_exporter_spooled_items"
	nameUnexplained      = "otlpctl_balance_unexplained_items"
	nameFailing          = "otlpctl_exporter_failing"
	nameAttempts         = "otlpctl_exporter_attempts_total"
	nameRetries          = "otlpctl_exporter_retries_total"
	nameFailedAttempts   = "otlpctl_exporter_failed_attempts_total"
	nameAttemptTime      = "otlpctl_exporter_attempt_duration_seconds"

	nameQueueBatches  = "otlpctl_exporter_queue_batches"
	nameQueueItems    = "otlpctl_exporter_queue_items"
	nameQueueBytes    = "otlpctl_exporter_queue_bytes"
	nameQueueHeld     = "otlpctl_exporter_queue_held_bytes"
	nameQueueUsed     = "otlpctl_exporter_queue_used"
	nameQueueCapacity = "otlpctl_exporter_queue_capacity"
	nameQueueOldest   = "otlpctl_exporter_queue_oldest_age_seconds"

	nameRegistered       = "otlpctl_registered"
	nameRegistryFailures = "otlpctl_registry_failed_requests_total"

	nameInstances  = "otlpctl_exporter_instances"
	nameEjections  = "otlpctl_exporter_ejections_total"
	nameFailovers  = "otlpctl_exporter_failovers_total"
	nameRegistryOK = "otlpctl_exporter_registry_reachable"
	nameRegistryAt = "otlpctl_exporter_registry_answer_timestamp_seconds"
	nameAnswers    = "otlpctl_exporter_registry_answers_total"

	nameGoInfo      = "go_info"
	nameGoroutines  = "go_goroutines"
	nameMaxProcs    = "go_sched_gomaxprocs_threads"
	nameHeap        = "go_memstats_heap_alloc_bytes"
	nameRuntime     = "go_memstats_sys_bytes"
	nameMemoryLimit = "go_gc_gomemlimit_bytes"

	nameStart    = "process_start_time_seconds"
	nameCPU      = "process_cpu_seconds_total"
	nameResident = "process_resident_memory_bytes"
	nameFiles    = "process_open_fds"
	nameMaxFiles = "process_max_fds"
)

// family is a metric with its explanation and its labels.
type family struct {
	name   string
	help   string
	labels []string
}

// families are all metrics there are.
func families() []family {
	var (
		traffic  = []string{"receiver", "transport", "signal"}
		port     = []string{"receiver", "transport"}
		account  = []string{"exporter", "signal"}
		exporter = []string{"exporter"}
		sized    = []string{"exporter", "sizer"}
	)
	with := func(labels []string, more string) []string { return append(slices.Clip(labels), more) }
	return []family{
		{nameBuildInfo, "The program: always 1.", []string{"version", "commit", "go_version"}},
		{nameReady, "Whether requests are welcome: 1 or 0.", nil},
		{nameGeneration, "Number of the configuration in use, counted from the start.", nil},
		{nameLoaded, "When it came into use, in seconds since the Unix epoch.", nil},
		{nameReloads, "Attempts to change it.", []string{"result"}},
		{nameReloadOK, "Whether the latest attempt succeeded, or there was none: 1 or 0.", nil},
		{nameInFlight, "Memory of requests that are being received, in all receivers.", nil},
		{nameInFlightMax, "Bound of that memory.", nil},

		{nameConnections, "Open connections.", port},
		{nameUnmatched, "Requests that are for no signal.", with(port, "reason")},
		{nameRequests, "Requests that were answered, refused ones included.", traffic},
		{nameRefused, "Requests of which nothing was accepted.", with(traffic, "reason")},
		{nameAccepted, "Spans, data points, log records or profiles that were accepted.", traffic},
		{nameRejected, "Items that were rejected by a partial success.", traffic},
		{nameReceivedBytes, "Size of requests as they came, accepted or not.", traffic},
		{nameAcceptedBytes, "Size of accepted requests, decompressed.", traffic},
		{nameRequestTime, "Time from a request's headers to its answer.", traffic},

		{nameExporterAccepted, "Items that the exporter answers for: the sum of those that were exported, rejected, dropped, are queued and are spooled.", account},
		{nameExporterExported, "Items that the backend took.", account},
		{nameDuplicates, "Exported items that the backend had already, and keeps once: those that were sent again. Of exporters to a database, since the exporter was opened.", exporter},
		{nameExporterRejected, "Items that the backend refused.", with(account, "reason")},
		{nameExporterDropped, "Items that were given up.", with(account, "reason")},
		{nameExporterQueued, "Items that wait or are being sent.", account},
		{nameExporterSpooled, "Items that are on disk.", account},
		{nameUnexplained, "Accepted items that the other figures do not account for: always 0.", account},
		{nameFailing, "Whether the last attempt failed: 1 or 0.", exporter},
		{nameAttempts, "Attempts to deliver a batch.", exporter},
		{nameRetries, "Attempts that were not the first for their batch.", exporter},
		{nameFailedAttempts, "Attempts that failed, whatever became of the batch.", exporter},
		{nameAttemptTime, "Time that an attempt took.", exporter},

		{nameQueueBatches, "Batches in the queue, being filled or being sent.", exporter},
		{nameQueueItems, "Items in the queue.", exporter},
		{nameQueueBytes, "Size of the queue before compression.", exporter},
		{nameQueueHeld, "Memory that the queue keeps alive.", exporter},
		{nameQueueUsed, "How much of its capacity the queue has in use, in the unit of sizer.", sized},
		{nameQueueCapacity, "How much the queue holds at most, in the unit of sizer.", sized},
		{nameQueueOldest, "Age of the oldest request in the queue.", exporter},

		{nameRegistered, "Whether a registry knows the receiver: 1 or 0.", []string{"registry"}},
		{nameRegistryFailures, "Requests to a registry that failed.", []string{"registry"}},

		{nameInstances, "Instances of the service that the endpoint names, by how they are treated: ready, warming (new: sent to less often), ejected (left out because they failed) or busy (have asked to wait).", with(exporter, "condition")},
		{nameEjections, "Times that an instance was left out because it failed.", exporter},
		{nameFailovers, "Batches, or parts of them, that went to another instance within one attempt because one had failed.", exporter},
		{nameRegistryOK, "Whether the registry can be asked: 1, or 0 while what it said last is used.", exporter},
		{nameRegistryAt, "When the registry has said last which instances there are, in seconds since the Unix epoch.", exporter},
		{nameAnswers, "Answers of the registry: who is there (result=success), or that it cannot be asked (failure).", with(exporter, "result")},

		{nameGoInfo, "The Go runtime: always 1.", []string{"version"}},
		{nameGoroutines, "Goroutines that exist.", nil},
		{nameMaxProcs, "Processors that Go code may use at the same time.", nil},
		{nameHeap, "Memory of objects on the heap, garbage included.", nil},
		{nameRuntime, "Memory that the Go runtime has from the system.", nil},
		{nameMemoryLimit, "Memory that the Go runtime tries not to exceed.", nil},

		{nameStart, "When the process began, in seconds since the Unix epoch.", nil},
		{nameCPU, "Processor time of the process, in user and system mode.", nil},
		{nameResident, "Resident memory.", nil},
		{nameFiles, "Open file descriptors.", nil},
		{nameMaxFiles, "Bound of open file descriptors.", nil},
	}
}
