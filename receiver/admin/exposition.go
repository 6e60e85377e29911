package admin

import (
	"bytes"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/common/expfmt"
)

// Prometheus's own library writes the exposition: text or OpenMetrics as the
// scraper asks, escaped. Its client, which has registries and metrics of its own
// that nothing here needs, would take 0.6 MB more of the program.

// maxScrapes is how many scrapes are answered at the same time.
const maxScrapes = 8

// exposition serves /metrics.
func exposition(c *collector) http.Handler {
	slots := make(chan struct{}, maxScrapes)
	return gzhttp.GzipHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			http.Error(w, "too many scrapes at the same time", http.StatusServiceUnavailable)
			return
		}
		format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
		text, err := c.write(format)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", string(format))
		_, _ = w.Write(text) // who asked may be gone
	}))
}

// write returns the metrics of one snapshot.
func (c *collector) write(format expfmt.Format) ([]byte, error) {
	var text bytes.Buffer
	encoder := expfmt.NewEncoder(&text, format)
	for _, f := range c.gather() {
		if err := encoder.Encode(f); err != nil {
			return nil, err
		}
	}
	if end, ok := encoder.(expfmt.Closer); ok {
		if err := end.Close(); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}
