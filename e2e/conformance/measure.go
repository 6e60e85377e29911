package conformance

import (
	"context"
	"sync"
)

// atOnce is how many checks run at the same time. Most of them wait most of the time.
const atOnce = 4

// Measure checks every line against a system, and returns what was seen by the lines' IDs. dir is for configurations
// and logs.
func Measure(ctx context.Context, system System, dir string) map[string]Result {
	lines := make(chan Line)
	results := make(map[string]Result)
	ports := &ports{given: make(map[string]bool)}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for l := range lines {
				r := l.measure(ctx, system, dir, ports)
				mu.Lock()
				results[l.ID] = r
				mu.Unlock()
			}
		})
	}
	for _, s := range Sections() {
		for _, l := range s.Lines {
			lines <- l
		}
	}
	close(lines)
	all.Wait()
	return results
}
