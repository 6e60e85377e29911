-- What OTLP says once for many items. IDs are derived from content: 16 bytes.
CREATE TABLE otlp_resources (
	id         BLOB    PRIMARY KEY,
	service    TEXT    NOT NULL,
	schema_url TEXT    NOT NULL,
	attributes TEXT    NOT NULL,
	otlp       BLOB    NOT NULL,
	seen       INTEGER NOT NULL -- days since the Unix epoch
) STRICT, WITHOUT ROWID;

CREATE TABLE otlp_scopes (
	id         BLOB    PRIMARY KEY,
	name       TEXT    NOT NULL,
	version    TEXT    NOT NULL,
	schema_url TEXT    NOT NULL,
	attributes TEXT    NOT NULL,
	otlp       BLOB    NOT NULL,
	seen       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE otlp_metrics (
	id          BLOB    PRIMARY KEY,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	unit        TEXT    NOT NULL,
	kind        INTEGER NOT NULL,
	temporality INTEGER NOT NULL,
	monotonic   INTEGER NOT NULL,
	otlp        BLOB    NOT NULL,
	seen        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX otlp_metrics_name ON otlp_metrics (name);

-- Items. Times are in nanoseconds since the Unix epoch, or durations in nanoseconds. A uint64 has the same bits as an
-- integer with a sign; only time is at most 2^63 - 1, and in order.
CREATE TABLE otlp_spans (
	time               INTEGER NOT NULL,
	key                BLOB    NOT NULL,
	received           INTEGER NOT NULL,
	resource_id        BLOB    NOT NULL,
	scope_id           BLOB    NOT NULL,
	start_unix_nano    INTEGER NOT NULL,
	duration_nano      INTEGER NOT NULL,
	kind               INTEGER NOT NULL,
	status_code        INTEGER NOT NULL,
	flags              INTEGER NOT NULL,
	service            TEXT    NOT NULL,
	name               TEXT    NOT NULL,
	trace_id           BLOB    NOT NULL,
	span_id            BLOB    NOT NULL,
	parent_span_id     BLOB,
	trace_state        TEXT,
	status_message     TEXT,
	dropped_attributes INTEGER,
	dropped_events     INTEGER,
	dropped_links      INTEGER,
	attributes         TEXT,
	events             TEXT,
	links              TEXT,
	raw                BLOB,
	PRIMARY KEY (time, key)
) STRICT;
CREATE INDEX otlp_spans_trace ON otlp_spans (trace_id);
CREATE INDEX otlp_spans_service ON otlp_spans (service, time);
CREATE INDEX otlp_spans_error ON otlp_spans (time) WHERE status_code = 2;

CREATE TABLE otlp_points (
	time            INTEGER NOT NULL,
	key             BLOB    NOT NULL,
	received        INTEGER NOT NULL,
	resource_id     BLOB    NOT NULL,
	scope_id        BLOB    NOT NULL,
	metric_id       BLOB    NOT NULL,
	start_unix_nano INTEGER NOT NULL,
	time_unix_nano  INTEGER NOT NULL,
	flags           INTEGER NOT NULL,
	kind            INTEGER NOT NULL,
	service         TEXT    NOT NULL,
	value           REAL,
	value_int       INTEGER,
	count           INTEGER,
	sum             REAL,
	min             REAL,
	max             REAL,
	attributes      TEXT,
	detail          TEXT,
	exemplars       TEXT,
	raw             BLOB,
	PRIMARY KEY (time, key)
) STRICT;
CREATE INDEX otlp_points_metric ON otlp_points (metric_id, time);

CREATE TABLE otlp_logs (
	time               INTEGER NOT NULL,
	key                BLOB    NOT NULL,
	received           INTEGER NOT NULL,
	resource_id        BLOB    NOT NULL,
	scope_id           BLOB    NOT NULL,
	time_unix_nano     INTEGER NOT NULL,
	observed_unix_nano INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	flags              INTEGER NOT NULL,
	service            TEXT    NOT NULL,
	severity_text      TEXT,
	event_name         TEXT,
	body               TEXT,
	body_json          TEXT,
	trace_id           BLOB,
	span_id            BLOB,
	dropped_attributes INTEGER,
	attributes         TEXT,
	raw                BLOB,
	PRIMARY KEY (time, key)
) STRICT;
CREATE INDEX otlp_logs_trace ON otlp_logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX otlp_logs_service ON otlp_logs (service, time);
CREATE INDEX otlp_logs_severity ON otlp_logs (severity, time);
