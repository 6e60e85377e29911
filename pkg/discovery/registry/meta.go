package registry

// The metadata in which a receiver tells what registries have no field for, and its clients find it.
const (
	MetaZone       = "zone"
	MetaVersion    = "version"
	MetaConfigHash = "config_hash"
	// MetaRegisteredAt is when it was registered last, in RFC 3339.
	MetaRegisteredAt = "registered_at"
	// MetaPod and MetaPodNamespace are where it runs in Kubernetes.
	MetaPod          = "pod_name"
	MetaPodNamespace = "pod_namespace"
)
