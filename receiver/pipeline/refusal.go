package pipeline

// Refusal is why a backend does not take items, whatever words it has for that.
type Refusal uint8

const (
	// RefusedOther is every reason that is none of the others.
	RefusedOther Refusal = iota
	// RefusedPartly: the backend took the rest of the request, and says no more in a form that programs read.
	RefusedPartly
	// RefusedInvalid: the backend cannot make sense of the data, or has no way to represent them.
	RefusedInvalid
	// RefusedConstraint: a constraint of the database forbids them.
	RefusedConstraint
	// RefusedTooLarge: a request, or a value in it, is larger than the backend's limit.
	RefusedTooLarge
	// RefusedUnauthorized: the backend does not know who sends, or does not let them.
	RefusedUnauthorized
	// RefusedUnsupported: the backend has no place for the signal, or does not know the encoding.
	RefusedUnsupported
	numRefusals
)

// String returns the reason as it stands in metrics and /status.
func (r Refusal) String() string {
	return [numRefusals]string{"other", "partial_success", "invalid", "constraint", "too_large", "unauthorized", "unsupported"}[r]
}

// AllRefusals returns every reason.
func AllRefusals() []Refusal {
	all := make([]Refusal, numRefusals)
	for i := range all {
		all[i] = Refusal(i) //nolint:gosec // there are few
	}
	return all
}

// Refusals counts refused items by reason.
type Refusals [numRefusals]int64

func (r *Refusals) add(other *Refusals) {
	for reason, n := range other {
		r[reason] += n
	}
}

// total returns how many items were refused.
func (r *Refusals) total() int64 {
	var sum int64
	for _, n := range r {
		sum += n
	}
	return sum
}

// byName leaves out the reasons that there were none for.
func (r *Refusals) byName() map[string]int64 {
	names := map[string]int64{}
	for reason, n := range r {
		if n != 0 {
			names[Refusal(reason).String()] = n //nolint:gosec // there are few
		}
	}
	return names
}
