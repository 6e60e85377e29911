// Package api has, in its folders, the types of Kubernetes' objects: those of k8s.io/api that this module
// uses, with the tags by which they are written and merged, and without methods. Of k8s.io/api itself the
// linker keeps the protobuf encoding of every kind, 3.9 MB that nothing calls: gRPC calls methods of these
// names through interfaces, and nobody can tell that never on these types.
package api

//go:generate go -C ../../.. run ./tools/kubetypes
