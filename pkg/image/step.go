package image

import (
	"context"
	"time"
)

// Step runs one step of a build and tells what becomes of it. It does not begin what has been cancelled.
func Step(ctx context.Context, on func(Event), name string, run func() (State, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := time.Now()
	on(Event{Step: name, Name: name, State: Running})
	state, err := run()
	e := Event{Step: name, Name: name, State: state, Took: time.Since(began)}
	if err != nil {
		e.State = Failed
	}
	on(e)
	return err
}
