package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// remedy is what is done about a failure.
type remedy uint8

const (
	// wait tries again later: time or an operator mends it.
	wait remedy = iota
	// again tries again at once: what was in the way is gone by then.
	again
	// migrate makes the tables anew, and tries again at once.
	migrate
	// deduplicate leaves out the rows that are there already.
	deduplicate
	// refuse leaves out the row at fault: it will never be taken.
	refuse
)

// remedies are by SQLSTATE, or by its class, its first two characters (PostgreSQL
// documentation, Appendix A). Whatever is not listed waits: no telemetry is given up
// because of an error that nobody thought of.
//
//nolint:gochecknoglobals // immutable table
var remedies = map[string]remedy{
	"22": refuse, // data exception: characters that the database's encoding lacks, values out of range
	"23": refuse, // integrity constraint violation, by a constraint that somebody has added
	"54": refuse, // program limit exceeded: an index or tuple too large

	"23505": deduplicate, // unique_violation: the key is there
	"40001": again,       // serialization_failure
	"40P01": again,       // deadlock_detected
	"42P01": migrate,     // undefined_table
}

// remedyOf returns what is done about an error.
func remedyOf(err error) remedy {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return wait
	}
	if e.Code == "23514" && e.ConstraintName == "" {
		return again // check_violation of no constraint: the partition of a day was attached since the default one was chosen
	}
	if tooLarge(e) {
		return refuse
	}
	if r, ok := remedies[e.Code]; ok {
		return r
	}
	if len(e.Code) == 5 {
		return remedies[e.Code[:2]]
	}
	return wait
}

// reasonOf says why an error of which the remedy is to refuse was one of the data.
func reasonOf(e *pgconn.PgError) pipeline.Refusal {
	switch {
	case strings.HasPrefix(e.Code, "22"):
		return pipeline.RefusedInvalid
	case strings.HasPrefix(e.Code, "23"):
		return pipeline.RefusedConstraint
	default: // 54, or what tooLarge knows
		return pipeline.RefusedTooLarge
	}
}

// tooLarge reports whether a value that was sent takes more memory than the server gives to one: such
// as an array of 2^24 numbers. That has no SQLSTATE of its own, and no translation. Where it came about
// tells it from what a damaged index leads to, in any language.
func tooLarge(e *pgconn.PgError) bool {
	return e.Code == "XX000" && strings.HasPrefix(e.Message, "invalid memory alloc request size") &&
		(whereInCopy.MatchString(e.Where) || whereInParameter.MatchString(e.Where))
}

// explainedError is a failure as people read it.
type explainedError struct {
	text string
	err  error
}

func (e *explainedError) Error() string { return e.text }

// Unwrap returns the error as it came, whose own text may be long.
func (e *explainedError) Unwrap() error { return e.err }

// waitedError is a wait that was ended from outside.
type waitedError struct{ err error }

func (e *waitedError) Error() string {
	return "no connection was free in time: all of max_connections are in use"
}

func (e *waitedError) Unwrap() error { return e.err }

// explain says what failed where and, if it is known, what to do.
func (t *target) explain(err error) error {
	if _, done := errors.AsType[*explainedError](err); done {
		return err
	}
	text := fmt.Sprintf("%s: %s", t.name, t.shown.Line(describe(err)))
	return reply.Advise(&explainedError{text, err}, hint(err))
}

// describe returns an error in words. What a server says in the details of an error is
// left out: it repeats telemetry.
func describe(err error) string {
	if advised, ok := errors.AsType[*reply.AdvisedError](err); ok {
		return advised.Problem()
	}
	if attempts := attemptsOf(err); attempts != nil {
		return strings.Join(attempts, "; ")
	}
	return describeOne(err)
}

func describeOne(err error) string {
	for _, plain := range []error{errPreparing, pgconn.ErrReadOnlyConnection, pgconn.ErrReadWriteConnection, pgconn.ErrPrimaryConnection, pgconn.ErrStandbyConnection} {
		if errors.Is(err, plain) {
			return plain.Error()
		}
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code)
	}
	if e, ok := errors.AsType[*waitedError](err); ok {
		return e.Error()
	}
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	if pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err.Error()
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err.Error()
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("host %s: %s", e.Name, e.Err)
	}
	return err.Error()
}

// attemptsOf says how each attempt of a connection failed, or nothing if err is none:
// there is one for each address, with and without TLS.
func attemptsOf(err error) []string {
	connect, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return nil
	}
	var places, texts []string
	attempts := leaves(connect.Unwrap())
	for i, attempt := range attempts {
		where, _, _ := strings.Cut(attempt.Error(), " (") // "127.0.0.1:5432 (db): dial error: …"
		if refusedTLS(attempt) && i+1 < len(attempts) && answered(attempts[i+1]) {
			continue // sslmode=prefer: the second attempt, to the same address, is the one that tells
		}
		places = append(places, where)
		texts = append(texts, describeOne(attempt))
	}
	if len(slices.Compact(slices.Clone(places))) > 1 {
		for i, where := range places {
			if !strings.Contains(where, " ") {
				texts[i] = where + ": " + texts[i]
			}
		}
	}
	return slices.Compact(texts)
}

// refusedTLS reports whether a server wants no TLS.
func refusedTLS(attempt error) bool {
	return strings.Contains(attempt.Error(), "server refused TLS connection")
}

// answered reports whether a server has said itself what is wrong.
func answered(attempt error) bool {
	_, ok := errors.AsType[*pgconn.PgError](attempt)
	return ok
}

// leaves returns the errors that were joined.
func leaves(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error }) // no deeper: below it is a part of one attempt
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, leaves(one)...)
	}
	return all
}

// hint returns the next step if the error is a known one.
func hint(err error) string {
	if advised, ok := errors.AsType[*reply.AdvisedError](err); ok {
		return advised.Hint()
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return stateHint(e)
	}
	return networkHint(err)
}

// hints are the next steps for what servers say, by SQLSTATE.
//
//nolint:gochecknoglobals // immutable table
var hints = map[string]string{
	"22023": "check the parameters of the URL", // invalid_parameter_value
	"25006": "a standby takes no writes: name all hosts in the URL and add target_session_attrs=read-write; " +
		"a primary takes them unless default_transaction_read_only is on, for the user, the database or the server", // read_only_sql_transaction
	"28000": "check the user of the URL, and the server's pg_hba.conf",                   // invalid_authorization_specification
	"28P01": "check user and password of the URL; special characters are written as %XX", // invalid_password
	"3D000": "create the database, or check its name at the end of the URL",              // invalid_catalog_name
	"3F000": "create the schema, or check search_path in the URL and of the user",        // invalid_schema_name
	"42501": "whoever may CREATE in the schema makes the tables; to write to them, a user needs USAGE on it and SELECT, INSERT, UPDATE and DELETE on otlp_*, " +
		"and TEMPORARY on the database", // insufficient_privilege
	"42704": "check the parameters of the URL",                                                         // undefined_object, such as a setting
	"42P01": "some of the tables otlp_* are gone: restore them, or drop the rest, otlp_migrations too", // undefined_table
	"53100": "make room on the server's disk; retention deletes the oldest telemetry",                  // disk_full
	"53300": "lower max_connections here, which each replica has for itself, or raise the server's",    // too_many_connections
	"57014": "if the server has a statement_timeout for this user, raise it, or write smaller batches", // query_canceled
}

// stateHint returns the next step for what a server says.
func stateHint(e *pgconn.PgError) string {
	if strings.HasPrefix(e.Code, "28") {
		switch {
		case reply.Has(e.Message, "no encryption", "SSL off"):
			return "the server may want TLS: set sslmode=require in the URL; otherwise its pg_hba.conf has to let the user in"
		case reply.Has(e.Message, "pg_hba.conf"):
			return "let the user in from this address by the server's pg_hba.conf"
		}
	}
	if e.Code == protocolViolation {
		return poolerHint(e.Message)
	}
	return hints[e.Code]
}

// networkHint returns the next step for what is wrong with the way to the server.
func networkHint(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "check the host in the URL, and DNS"
	}
	if errors.Is(err, pgconn.ErrReadOnlyConnection) || errors.Is(err, pgconn.ErrStandbyConnection) {
		return "no host of the URL takes writes: check that one is the primary"
	}
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "check that the server runs, and host and port of the URL"
	case errors.Is(err, syscall.ENOENT) && strings.Contains(text, "dial unix"):
		return "check that the server runs, and its folder for sockets"
	case refusedTLS(err):
		return "the server has no TLS: turn on ssl there, or set sslmode=disable in the URL if the way to it is safe"
	}
	return certificateHint(err)
}

func certificateHint(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "set sslrootcert in the URL to the authority that signed the server's certificate"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "name the host in the URL as the server's certificate does, or set sslmode=verify-ca"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "check the server's certificate, and sslrootcert in the URL"
	}
	if pgconn.Timeout(err) {
		return ""
	}
	if reply.Has(err.Error(), "tls: certificate required", "tls: bad certificate", "tls: unknown certificate authority") {
		return "the server wants a client certificate that it knows: set sslcert and sslkey in the URL"
	}
	return ""
}
