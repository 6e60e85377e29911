-- What OTLP says once for many items. IDs are derived from content.
CREATE TABLE otlp_resources (
	id         uuid  PRIMARY KEY,
	service    text  NOT NULL,
	schema_url text  NOT NULL,
	attributes jsonb NOT NULL,
	otlp       bytea NOT NULL,
	seen       date  NOT NULL
);
CREATE INDEX otlp_resources_service ON otlp_resources (service);

CREATE TABLE otlp_scopes (
	id         uuid  PRIMARY KEY,
	name       text  NOT NULL,
	version    text  NOT NULL,
	schema_url text  NOT NULL,
	attributes jsonb NOT NULL,
	otlp       bytea NOT NULL,
	seen       date  NOT NULL
);

CREATE TABLE otlp_metrics (
	id          uuid     PRIMARY KEY,
	name        text     NOT NULL,
	description text     NOT NULL,
	unit        text     NOT NULL,
	kind        smallint NOT NULL,
	temporality integer  NOT NULL,
	monotonic   boolean  NOT NULL,
	otlp        bytea    NOT NULL,
	seen        date     NOT NULL
);
CREATE INDEX otlp_metrics_name ON otlp_metrics (left(name, 255));

-- Items, a partition for each day. time has microseconds; the columns in nanoseconds are exact.
CREATE TABLE otlp_spans (
	time               timestamptz NOT NULL,
	key                uuid        NOT NULL,
	received           timestamptz NOT NULL,
	resource_id        uuid        NOT NULL,
	scope_id           uuid        NOT NULL,
	start_unix_nano    bigint      NOT NULL,
	duration_nano      bigint      NOT NULL,
	kind               integer     NOT NULL,
	status_code        integer     NOT NULL,
	flags              bigint      NOT NULL,
	service            text        NOT NULL,
	name               text        NOT NULL,
	trace_id           bytea       NOT NULL,
	span_id            bytea       NOT NULL,
	parent_span_id     bytea,
	trace_state        text,
	status_message     text,
	dropped_attributes bigint,
	dropped_events     bigint,
	dropped_links      bigint,
	attributes         jsonb,
	events             jsonb,
	links              jsonb,
	raw                bytea,
	PRIMARY KEY (time, key)
) PARTITION BY RANGE (time);
CREATE INDEX otlp_spans_trace ON otlp_spans (trace_id);
CREATE INDEX otlp_spans_service ON otlp_spans (service, time);
CREATE INDEX otlp_spans_error ON otlp_spans (time) WHERE status_code = 2;
CREATE INDEX otlp_spans_received ON otlp_spans USING brin (received) WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE otlp_spans_other PARTITION OF otlp_spans DEFAULT;

CREATE TABLE otlp_points (
	time            timestamptz NOT NULL,
	key             uuid        NOT NULL,
	received        timestamptz NOT NULL,
	resource_id     uuid        NOT NULL,
	scope_id        uuid        NOT NULL,
	metric_id       uuid        NOT NULL,
	start_unix_nano bigint      NOT NULL,
	time_unix_nano  bigint      NOT NULL,
	flags           bigint      NOT NULL,
	kind            smallint    NOT NULL,
	service         text        NOT NULL,
	value           double precision,
	value_int       bigint,
	count           bigint,
	sum             double precision,
	min             double precision,
	max             double precision,
	attributes      jsonb,
	detail          jsonb,
	exemplars       jsonb,
	raw             bytea,
	PRIMARY KEY (time, key)
) PARTITION BY RANGE (time);
CREATE INDEX otlp_points_metric ON otlp_points (metric_id, time);
CREATE INDEX otlp_points_received ON otlp_points USING brin (received) WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE otlp_points_other PARTITION OF otlp_points DEFAULT;

CREATE TABLE otlp_logs (
	time               timestamptz NOT NULL,
	key                uuid        NOT NULL,
	received           timestamptz NOT NULL,
	resource_id        uuid        NOT NULL,
	scope_id           uuid        NOT NULL,
	time_unix_nano     bigint      NOT NULL,
	observed_unix_nano bigint      NOT NULL,
	severity           integer     NOT NULL,
	flags              bigint      NOT NULL,
	service            text        NOT NULL,
	severity_text      text,
	event_name         text,
	body               text,
	body_json          jsonb,
	trace_id           bytea,
	span_id            bytea,
	dropped_attributes bigint,
	attributes         jsonb,
	raw                bytea,
	PRIMARY KEY (time, key)
) PARTITION BY RANGE (time);
CREATE INDEX otlp_logs_trace ON otlp_logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX otlp_logs_service ON otlp_logs (service, time);
CREATE INDEX otlp_logs_severity ON otlp_logs (severity, time);
CREATE INDEX otlp_logs_received ON otlp_logs USING brin (received) WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE otlp_logs_other PARTITION OF otlp_logs DEFAULT;
