package cli

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// kindText returns the name of a kind of metric, as OTLP/JSON calls it.
func kindText(k row.Kind) string {
	switch k {
	case row.Gauge:
		return "gauge"
	case row.Sum:
		return "sum"
	case row.Histogram:
		return "histogram"
	case row.ExponentialHistogram:
		return "exponentialHistogram"
	case row.Summary:
		return "summary"
	}
	return strconv.Itoa(int(k))
}

// pointTime is logTime for data points.
func pointTime(p *row.Point) uint64 { return cmp.Or(p.TimeRaw, p.Time) }

// meanDigits is how many digits of a mean are shown.
const meanDigits = 4

// noRecordedValue is the bit of flags that says that there is no value.
const noRecordedValue = 1

// pointCell is pointText, on a terminal with no more digits than people compare.
func pointCell(p *row.Point) telemetryCell {
	return telemetryCell{text: pointText(p, roundedText), full: pointText(p, numberText)}
}

// pointText returns what a data point says: its value or, of many, how many there were and how large. number writes them.
func pointText(p *row.Point, number func(float64) string) string {
	switch {
	case p.Flags&noRecordedValue != 0:
		return "no value"
	case p.ValueInt != nil:
		return strconv.FormatInt(*p.ValueInt, 10)
	case p.Value != nil:
		return number(*p.Value)
	case p.Count == nil:
		return ""
	}
	words := []string{"count " + strconv.FormatUint(*p.Count, 10)}
	if p.Sum != nil {
		words = append(words, "sum "+number(*p.Sum))
		if *p.Count > 0 {
			words = append(words, "mean "+strconv.FormatFloat(*p.Sum/float64(*p.Count), 'g', meanDigits, 64))
		}
	}
	if p.Min != nil {
		words = append(words, "min "+number(*p.Min))
	}
	if p.Max != nil {
		words = append(words, "max "+number(*p.Max))
	}
	return strings.Join(append(words, quantiles(p)...), ", ")
}

// quantiles returns those of a summary.
func quantiles(p *row.Point) []string {
	var detail struct {
		Quantiles [][]json.Number `json:"quantiles"`
	}
	if json.Unmarshal(p.Detail, &detail) != nil {
		return nil
	}
	var words []string
	for _, q := range detail.Quantiles {
		if len(q) == 2 {
			words = append(words, "q"+q[0].String()+" "+q[1].String())
		}
	}
	return words
}

// numberText returns a number in full, without an exponent unless it is very large or small.
func numberText(v float64) string {
	const large, small = 1e15, 1e-4
	if size := math.Abs(v); size < large && (size >= small || size == 0) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// roundedDigits is how many digits of a number people compare.
const roundedDigits = 6

// roundedText is numberText with that many digits, and all of those before the point.
func roundedText(v float64) string {
	text := strconv.FormatFloat(v, 'g', roundedDigits, 64)
	if whole := math.Pow10(roundedDigits - 1); math.Abs(v) >= whole && !math.IsInf(v, 0) {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	rounded, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return numberText(v)
	}
	return numberText(rounded)
}
