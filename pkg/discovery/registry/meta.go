package registry

// The metadata in which a receiver tells what registries have no field for, and its clients find it.
const (
	MetaZone       = "zone"
	MetaVersion    = "version"
	MetaConfigHash = "config_hash"
)
