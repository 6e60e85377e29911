package config

import (
	"context"
	"os"
	"slices"
	"time"
)

// Watcher knows what files were like when it was made: what has changed since then
// is noticed, even before Watch has begun.
type Watcher struct{ known look }

// NewWatcher looks at the files for the first time.
func NewWatcher(paths []string) *Watcher { return &Watcher{lookAt(paths)} }

// Watch calls changed after a file has changed, has come or has gone, once it has
// been the same for one interval: whoever writes several files, or one of them in
// pieces, gets the time. paths is asked at each look; it must not change without
// a file having changed. Watch returns when ctx ends.
//
// It looks at the files instead of asking the system to be told: that works on
// network file systems, for files that do not exist yet, for editors that replace
// files and for ConfigMaps, whose files are links to links. A look is a few calls
// of stat.
func (w *Watcher) Watch(ctx context.Context, every time.Duration, paths func() []string, changed func(context.Context)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	known := w.known
	last := known
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := lookAt(paths())
		if now.equal(last) && !now.equal(known) {
			changed(ctx)
			// Others may be of interest now. The rest is known as it was before: what has
			// changed meanwhile may have been read too early.
			known = lookAt(paths())
			for path := range known {
				if before, looked := now[path]; looked {
					known[path] = before
				}
			}
			now = known
		}
		last = now
	}
}

// look is what files were like at one moment; nil for one that is not there.
type look map[string]os.FileInfo

func lookAt(paths []string) look {
	l := look{}
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		info, err := os.Stat(path)
		if err != nil {
			info = nil
		}
		l[path] = info
	}
	return l
}

func (l look) equal(other look) bool {
	if len(l) != len(other) {
		return false
	}
	for path, a := range l {
		b, known := other[path]
		switch {
		case !known, (a == nil) != (b == nil):
			return false
		case a == nil:
		case !os.SameFile(a, b), a.Size() != b.Size(), !a.ModTime().Equal(b.ModTime()):
			return false
		}
	}
	return true
}
