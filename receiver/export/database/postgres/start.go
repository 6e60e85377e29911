package postgres

import "context"

// Start tries the database before the first batch comes, and logs what comes of it: whoever has mistyped a password
// hears of it at once. What fails is tried again with the first batch.
func (e *Exporter) Start(ctx context.Context) {
	e.background(ctx, func(ctx context.Context) {
		switch err := e.prepared(ctx); {
		case err == nil:
			e.log.Info("telemetry goes to a database", "database", e.target.name)
		case ctx.Err() == nil:
			e.log.Warn("the database cannot be written to yet; telemetry waits", "error", e.target.explain(err))
		}
	})
}

// utf8 is the encoding of a database that can hold all text.
const utf8 = "UTF8"

// warnOfEncoding says that a database cannot hold all text.
func (e *Exporter) warnOfEncoding(encoding string) {
	if encoding != utf8 && encoding != "SQL_ASCII" { // which holds any bytes
		e.log.Warn("the database refuses items with characters that its encoding lacks", "database", e.target.name, "encoding", encoding,
			"hint", "create it with ENCODING 'UTF8'")
	}
}
