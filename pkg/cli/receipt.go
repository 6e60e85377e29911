package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
)

// printReceipt prints what became of everything that serve accepted, in items: on every line,
// accepted is the sum of the numbers to its right.
func printReceipt(w *term.Output, receipt receiver.Receipt) error {
	if len(receipt.Entries) == 0 {
		return nil
	}
	format := output.Table
	return format.Write(w, nil, func(r *output.Rows) {
		r.Header("EXPORTER", "SIGNAL", "ACCEPTED", "EXPORTED", "QUEUED", "SPOOLED", "REJECTED", "DROPPED")
		for _, e := range receipt.Entries {
			r.Add(e.Exporter, e.Signal.String(), items(e.Accepted), items(e.Exported), items(e.Queued),
				items(e.Spooled), byReason(e.RejectedReasons), byReason(e.Dropped))
		}
	})
}

// unlessStuck runs a last write, but does not wait for ever for somebody to read it.
func unlessStuck(write func() error) error {
	done := make(chan error, 1)
	go func() { done <- write() }()
	select {
	case err := <-done:
		return err
	case <-time.After(lastWrite):
		return fmt.Errorf("print the receipt: nobody read standard output within %s", lastWrite)
	}
}

const lastWrite = time.Second

func items(n int64) string { return strconv.FormatInt(n, 10) }

// byReason is a number of items and, if there are any, how many for which reason.
func byReason(counts map[string]int64) string {
	var total int64
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		total += counts[reason]
		reasons = append(reasons, fmt.Sprintf("%s %d", reason, counts[reason]))
	}
	if total == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", total, strings.Join(reasons, ", "))
}

// balance returns an error unless everything that was accepted was delivered.
func balance(receipt receiver.Receipt) error {
	var errs []error
	if lost := receipt.Lost(); lost > 0 {
		errs = append(errs, fmt.Errorf("%d accepted items were not delivered", lost))
	}
	if n := receipt.Unexplained(); n > 0 {
		errs = append(errs, fmt.Errorf("the books do not balance by %d items: this is a bug, please report it", n))
	}
	return errors.Join(errs...)
}
