package conformance

import "strings"

// Command is what measures everything and writes the page, from the folder e2e.
const Command = "go test ./conformance -run TestConformance -count=1 -update"

func introduction(columns []Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.System)
	}
	return `# Conformance to OTLP

What running processes were seen to do, line by line of OTLP 1.11.0. Each line is a check from outside: raw requests to a
process with one configuration, and a backend behind it that answers by script. Measured side by side, in the same way:
` + strings.Join(names, " and ") + `.

This page is generated. From the folder ` + "`e2e`" + `, this command measures everything again and writes it:

    ` + Command + `

The same test without ` + "`-update`" + ` fails when otlpctl misses a line, or when this page is not what is measured.

- **pass**: every answer was as the line demands.
- **partial**: some answers were, others not; what is said is about the others.
- **fail**: no answer was.
- Without a verdict nothing is demanded, and what is said was observed.

A level is that of the specification; *ours* goes beyond it. A line with a MUST may hold recommendations too, then it says so.
The tests named in the last column belong to otlpctl's own module and hold the line in more detail, in seconds.
`
}

func policies() string {
	return `
## Policies

Where OTLP leaves a choice, otlpctl has made this one:

- **Profiles** (R1, R13) are in development and off: the method is unknown and the path is not found unless a pipeline for profiles is defined.
- **Unknown fields** (R12, E15) are no error. They pass through protobuf untouched; unknown keys of JSON are dropped, as JSON requires.
- **Names of enum values in JSON** (J3) are refused with 400: OTLP/JSON has integers only, and a name that is not known could only be lost.
- **Keys in snake_case** (J5) are unknown keys. A request that holds nothing else is answered with a warning (J7).
- **Invalid identifiers** (J8), of the wrong length or all zero, cost the span that has them: it is removed, counted and answered with a
  partial success, and its neighbors pass. Where the protocol says that an invalid identifier is to be read as absent, such as a
  log record's, only the identifier is removed and the client is warned. This holds for protobuf and JSON.
- **Delivery is at least once** (E16): when an answer is lost, the request is sent again and the backend may have it twice.
- **Throttling** (E10) by a backend pauses the whole exporter, not only the request that was throttled.
- **A request above 64 MiB** (E8) is never sent: batches are split below that, and a single item that is larger is dropped and counted.
`
}
