package balance

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/bits"
	"slices"
)

const (
	// points is how many places an instance has on the ring, and probes how many
	// places are tried for a key. Together they keep ten instances within a tenth of
	// each other, for a quarter of the memory that points alone would take.
	points = 32
	probes = 16
)

// ring is the circle of hashes. A key belongs to the member whose place comes
// soonest behind any of the key's probes (multi-probe consistent hashing, Appleton
// and O'Reilly 2015). Without a member its keys go to whoever comes next, and no
// other key moves.
type ring struct {
	places  []uint64
	members []*member
	// starts has for each of as many equal arcs as there are places where in places it
	// begins: hashes are even enough that a search from there takes a step or two.
	starts []uint32
}

// newRing places the members. Where one is depends on its ID alone.
func newRing(members []*member) ring {
	type place struct {
		at uint64
		m  *member
	}
	all := make([]place, 0, len(members)*points)
	for _, m := range members {
		seed := Key([]byte(m.ID))
		for i := range uint64(points) {
			all = append(all, place{spread(seed, i), m})
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(a.m.Addr, b.m.Addr)
	})
	r := ring{make([]uint64, len(all)), make([]*member, len(all)), make([]uint32, len(all))}
	arc := 0
	for i, p := range all {
		r.places[i], r.members[i] = p.at, p.m
		for ; arc <= r.arcOf(p.at); arc++ {
			r.starts[arc] = uint32(i) //nolint:gosec // far fewer than that
		}
	}
	for ; arc < len(all); arc++ {
		r.starts[arc] = uint32(len(all)) //nolint:gosec // as above
	}
	return r
}

// arcOf returns the arc that a place is in.
func (r *ring) arcOf(place uint64) int {
	arc, _ := bits.Mul64(place, uint64(len(r.places)))
	return int(arc) //nolint:gosec // below the number of places
}

// find returns the member that the key belongs to, of those that are usable, or
// nil if there is none.
func (r *ring) find(key uint64, usable func(*member) bool) *member {
	var found *member
	closest := uint64(math.MaxUint64)
	for i := range uint64(probes) {
		probe := spread(key, i)
		at, m := r.behind(probe, usable)
		if m == nil {
			return nil
		}
		if distance := at - probe; distance < closest || found == nil {
			found, closest = m, distance
		}
	}
	return found
}

// behind returns the first usable member behind a place, and where it is.
func (r *ring) behind(place uint64, usable func(*member) bool) (uint64, *member) {
	n := len(r.places)
	if n == 0 {
		return 0, nil
	}
	first := int(r.starts[r.arcOf(place)])
	for first < n && r.places[first] < place {
		first++
	}
	for step := range n {
		i := (first + step) % n
		if usable(r.members[i]) {
			return r.places[i], r.members[i]
		}
	}
	return 0, nil
}

// Key returns the key of some bytes: the same in every process.
func Key(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b) // never fails
	return mix(h.Sum64())
}

// spread returns the i-th of many hashes of a key, which look independent.
func spread(key, i uint64) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	return mix(key + (i+1)*golden)
}

// mix is the finalizer of SplitMix64: each bit of x changes half of the result's.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
