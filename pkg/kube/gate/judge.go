package gate

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Bounds are what the counters of new pods must not exceed. A figure above its bound still passes if it is no
// more than twice that of the old pods in the same time: what is wrong anyway is not the new revision's doing.
type Bounds struct {
	// MinItems is how many items the new pods must have accepted together.
	MinItems int64
	// MaxRefusedRatio is of the requests, MaxExportFailureRatio of the attempts of each exporter.
	MaxRefusedRatio, MaxExportFailureRatio float64
	// MaxLostItems and MaxRestarts are counts of each pod.
	MaxLostItems int64
	MaxRestarts  int32
	// MaxQueueFill is a share of the capacity.
	MaxQueueFill float64
	MaxQueueAge  time.Duration
}

// Counter is the worst that a new pod has counted, beside its bound. In JSON it is API.
type Counter struct {
	Name  string  `json:"name"`
	Bound float64 `json:"bound"`
	Value float64 `json:"value"`
	// Old is the figure of the old pods in the same time; nil if there were none.
	Old *float64 `json:"old"`
	// Of is how many requests or attempts a ratio is of.
	Of int64 `json:"of,omitempty"`
	// Pod is the one with the worst figure.
	Pod      string `json:"pod,omitempty"`
	Exceeded bool   `json:"exceeded"`
}

// kind is one of the counters.
type kind struct {
	name  string // API
	title string // in a sentence
	bound func(Bounds) float64
	value func(tally) (value float64, of int64)
	text  func(float64) string
	noun  string // what a ratio is of
	// late says that the figure may still improve: it is judged at the end of a window.
	late bool
}

// tolerance is how many times the figure of the old pods a new one may have.
const tolerance = 2

func kinds() []kind {
	return []kind{
		{
			name: "refused_ratio", title: "refused", noun: "requests", text: percent, late: true,
			bound: func(b Bounds) float64 { return b.MaxRefusedRatio },
			value: func(t tally) (float64, int64) { return t.refused.ratio(), t.refused.whole },
		},
		{
			name: "export_failure_ratio", title: "failed exports", noun: "attempts", text: percent, late: true,
			bound: func(b Bounds) float64 { return b.MaxExportFailureRatio }, value: worstExporter,
		},
		{
			name: "lost_items", title: "lost items", text: number,
			bound: func(b Bounds) float64 { return float64(b.MaxLostItems) },
			value: func(t tally) (float64, int64) { return float64(t.lost), 0 },
		},
		{
			name: "restarts", title: "restarts", text: number,
			bound: func(b Bounds) float64 { return float64(b.MaxRestarts) },
			value: func(t tally) (float64, int64) { return float64(t.restarts), 0 },
		},
		{
			name: "queue_fill", title: "fill of a queue", text: percent,
			bound: func(b Bounds) float64 { return b.MaxQueueFill },
			value: func(t tally) (float64, int64) { return t.peak.fill, 0 },
		},
		{
			name: "queue_age_seconds", title: "age in a queue", text: seconds,
			bound: func(b Bounds) float64 { return b.MaxQueueAge.Seconds() },
			value: func(t tally) (float64, int64) { return t.peak.age.Seconds(), 0 },
		},
	}
}

// worstExporter returns the highest share of attempts that failed.
func worstExporter(t tally) (ratio float64, of int64) {
	for _, s := range t.failed {
		if r := s.ratio(); r > ratio || r == ratio && s.whole > of {
			ratio, of = r, s.whole
		}
	}
	return ratio, of
}

// judge compares new pods, by their names, with the bounds and the old pods, of which there may be none. At the
// end of a window all counters are judged, before it those that cannot improve.
func judge(b Bounds, fresh map[string]tally, old []tally, isEnd bool) []Counter {
	var all []Counter
	together := together(old)
	for _, k := range kinds() {
		c := Counter{Name: k.name, Bound: k.bound(b)}
		limit := c.Bound
		if len(old) > 0 {
			was, _ := k.value(together)
			c.Old = &was
			limit = max(limit, tolerance*was)
		}
		for name, t := range fresh {
			if v, of := k.value(t); c.Pod == "" || v > c.Value || v == c.Value && (of > c.Of || of == c.Of && name < c.Pod) {
				c.Value, c.Of, c.Pod = v, of, name
			}
		}
		c.Exceeded = c.Value > limit && (isEnd || !k.late)
		all = append(all, c)
	}
	return all
}

// kind returns what is counted.
func (c Counter) kind() kind {
	for _, k := range kinds() {
		if k.name == c.Name {
			return k
		}
	}
	return kind{name: c.Name, title: c.Name, text: number}
}

// Title names what is counted.
func (c Counter) Title() string { return c.kind().title }

// Figures returns value, bound and the figure of the old pods as people write them; "-" is none.
func (c Counter) Figures() (value, bound, old string) {
	k := c.kind()
	value, bound, old = k.text(c.Value), k.text(c.Bound), "-"
	if k.noun != "" {
		value += " of " + strconv.FormatInt(c.Of, 10) + " " + k.noun
	}
	if c.Old != nil {
		old = k.text(*c.Old)
	}
	return value, bound, old
}

// String says in half a sentence what was counted.
func (c Counter) String() string {
	value, bound, old := c.Figures()
	if c.Old != nil {
		bound += ", old pods " + old
	}
	return fmt.Sprintf("%s %s (bound %s)", c.Title(), value, bound)
}

func percent(v float64) string {
	p := 100 * v
	if p >= 10 || p == math.Trunc(p) {
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
	return strconv.FormatFloat(p, 'g', 2, 64) + " %"
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }

func seconds(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) + " s" }
