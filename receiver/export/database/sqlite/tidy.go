package sqlite

import "time"

// How long it takes from one tidying to the next.
const (
	longestPause  = time.Minute
	shortestPause = time.Second
)

// tidyPause is long if little becomes too old in it.
func (c *Config) tidyPause() time.Duration {
	if c.MaxAge == 0 {
		return longestPause
	}
	return min(max(c.MaxAge/100, shortestPause), longestPause)
}

// keepTidy tidies up until the exporter is closed.
func (e *Exporter) keepTidy() {
	ticker := time.NewTicker(e.conf.tidyPause())
	defer ticker.Stop()
	for {
		e.tidy()
		select {
		case <-e.closing:
			return
		case <-ticker.C:
		}
	}
}

// tidy deletes what is not to be kept any longer, in steps between which others have their turn.
func (e *Exporter) tidy() {
	for more := true; more; {
		select {
		case <-e.closing:
			return
		case e.turn <- struct{}{}:
		}
		var err error
		if more, err = e.tidyStep(time.Now()); err != nil {
			more = false
			e.log.Error("old telemetry was not deleted", "error", explain(e.conf.Path, e.closeIfBroken(err)))
		}
		e.leave()
	}
}

// tidyStep does what takes a moment, and reports whether there may be more to do.
func (e *Exporter) tidyStep(now time.Time) (more bool, err error) {
	if e.conn == nil || !e.conn.stands() {
		return false, nil // it is opened when something is to be written
	}
	if e.conf.MaxAge > 0 {
		if more, err := e.conn.expire(now.Add(-e.conf.MaxAge).UnixNano()); err != nil || more {
			return more, err
		}
	}
	if e.conf.MaxBytes > 0 {
		if more, err := e.conn.trim(e.conf.most()); err != nil || more {
			return more, err
		}
	}
	if more, err := e.conn.giveBack(&e.conf); err != nil || more {
		return more, err
	}
	return false, e.sweep(now)
}

// Pages that are free are written to again. They are given back to the file system, some at a time, if they are
// many: this many bytes, and a quarter of the file.
const (
	manyFree  = 4 << 20
	freeShare = 4
)

// giveBack makes the file smaller if much of it is free, or if it is larger than it may be.
func (c *connection) giveBack(conf *Config) (more bool, err error) {
	s, err := c.size()
	if err != nil {
		return false, err
	}
	tooLarge := conf.MaxBytes > 0 && s.file() > conf.most()
	if s.free == 0 || !tooLarge && (s.free < manyFree || s.free < s.file()/freeShare) {
		return false, nil
	}
	if err := c.run("PRAGMA incremental_vacuum(1000)"); err != nil {
		return false, err
	}
	if _, err := c.emptyLog(0); err != nil { // before that, the file is as large as it was
		return false, err
	}
	after, err := c.size()
	return after.free < s.free, err
}

// sweep deletes the resources, scopes and metrics that no item refers to any more: those last seen on a day before
// that of the oldest item. It does so once for each such day. Another day is for clocks that were put back.
func (e *Exporter) sweep(now time.Time) error {
	oldest, err := e.conn.oldest()
	if err != nil {
		return err
	}
	if oldest.name != "" {
		now = time.Unix(0, oldest.first.received)
	}
	before := dayOf(now) - 1
	if before == e.swept {
		return nil
	}
	err = e.conn.within(func() error {
		for _, table := range []string{"otlp_resources", "otlp_scopes", "otlp_metrics"} {
			if _, err := e.conn.number("DELETE FROM "+table+" WHERE seen < ?", before); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.swept = before
		e.writer.seen.forget()
	}
	return err
}
