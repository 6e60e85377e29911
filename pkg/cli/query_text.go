package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// spanTime returns a duration in three digits and its unit, as people compare them.
func spanTime(d time.Duration) string {
	switch {
	case d <= 0:
		return "0"
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + "ns"
	case d < time.Millisecond:
		return threeDigits(float64(d)/1e3) + "µs"
	case d < time.Second:
		return threeDigits(float64(d)/1e6) + "ms"
	case d < time.Minute:
		return threeDigits(d.Seconds()) + "s"
	}
	return d.Round(time.Second).String()
}

func threeDigits(v float64) string {
	decimals := 2
	switch {
	case v >= 99.95:
		decimals = 0
	case v >= 9.995:
		decimals = 1
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// momentText returns a time for people, in milliseconds: of today without its date.
func momentText(nanos uint64, now time.Time) string { return localText(nanos, now, "15:04:05.000") }

// secondText is momentText in seconds.
func secondText(nanos uint64, now time.Time) string { return localText(nanos, now, time.TimeOnly) }

func localText(nanos uint64, now time.Time, layout string) string {
	t := momentOf(nanos).Local()
	if now = now.Local(); t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		layout = time.DateOnly + " " + layout
	}
	return t.Format(layout)
}

// momentFull returns a time for programs.
func momentFull(nanos uint64) string {
	return momentOf(nanos).UTC().Format(time.RFC3339Nano)
}

// momentOf returns the time that is so many nanoseconds after the Unix epoch: until the year 2554, while an int64
// ends in 2262.
func momentOf(nanos uint64) time.Time {
	return time.Unix(int64(nanos/1e9), int64(nanos%1e9))
}

// attributesText returns an object of JSON as key=value, in the order of keys.
func attributesText(object []byte) string {
	var all map[string]json.RawMessage
	if json.Unmarshal(object, &all) != nil {
		return ""
	}
	words := make([]string, 0, len(all))
	for key, value := range all {
		words = append(words, key+"="+valueText(value))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// valueText returns a value of JSON, a string without quotes if it is one word.
func valueText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && string(value) != "null" {
		if text == "" || strings.ContainsAny(text, " \t\r\n\"=") {
			return strconv.Quote(text)
		}
		return text
	}
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}

// palette gives each name a color of its own.
type palette struct {
	out     *term.Output
	numbers map[string]int // in the order in which they came
}

func newPalette(out *term.Output) palette { return palette{out, map[string]int{}} }

func (p palette) paint(name, text string) string {
	n, known := p.numbers[name]
	if !known {
		n = len(p.numbers)
		p.numbers[name] = n
	}
	return p.out.Distinct(n, text)
}

// painted returns what paints text in a style.
func painted(out *term.Output, style term.Style) func(string) string {
	return func(text string) string { return out.Paint(style, text) }
}

// severityText returns the name of a severity: that of its number, or else what the record calls it.
func severityText(number int32, text []byte) string {
	name, ok := severityOf(number)
	switch {
	case ok:
		return name
	case len(text) > 0:
		return string(text)
	case number != 0:
		return fmt.Sprint(number)
	}
	return ""
}

// severityNames are those of SeverityNumber, of which each has four.
func severityNames() []string { return []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"} }

// severitySteps is how many numbers a name has.
const severitySteps = 4

func severityOf(number int32) (string, bool) {
	names := severityNames()
	if number < 1 || int(number) > severitySteps*len(names) {
		return "", false
	}
	name := names[(number-1)/severitySteps]
	if step := (number - 1) % severitySteps; step > 0 {
		name += strconv.Itoa(int(step) + 1)
	}
	return name, true
}
