package kube

import (
	"errors"
	"sync"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// atOnce is how many requests the API server gets from one command at the same time.
const atOnce = 8

// together does something for every item, several at the same time, and returns all errors in the
// order of the items. What is explained once, such as a server that has gone, is not repeated.
func together[T any](items []T, do func(i int, item T) error) error {
	faults := make([]error, len(items))
	room := make(chan struct{}, atOnce)
	var work sync.WaitGroup
	for i, item := range items {
		room <- struct{}{}
		work.Go(func() {
			defer func() { <-room }()
			faults[i] = do(i, item)
		})
	}
	work.Wait()
	return errors.Join(distinct(faults)...)
}

func distinct(faults []error) []error {
	said := map[string]bool{}
	var kept []error
	for _, err := range faults {
		if cause, ok := errors.AsType[hinted.Error](err); ok {
			if said[cause.Error()] {
				continue
			}
			said[cause.Error()] = true
		}
		kept = append(kept, err)
	}
	return kept
}
