package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/receiver/export/database"
)

// databaseVariable names the database for serve and for queries.
const databaseVariable = "APP__DATABASE__URL"

// databaseText says where queries look, and is part of the help of their commands.
const databaseText = `What is asked is the database that --database names, or else $` + databaseVariable + `, or else
what otlpctl serve keeps for those who start it on a terminal.`

// queryDefaultSpan is how far back queries look.
const queryDefaultSpan = time.Hour

// queryOptions is what all queries have.
type queryOptions struct {
	database   string
	since      timeFlag
	until      timeFlag
	service    string
	attributes []string
	limit      int
	follow     bool
	format     output.Format

	limited  bool // whether --limit is given
	narrowed bool // whether a flag chooses among what there is, but for those of time
	embedded bool // whether the database is the embedded store
}

// queryFlags adds the flags of queries. noun is what they are for, in the plural, limit how many are shown.
func queryFlags(cmd *cobra.Command, o *queryOptions, noun string, limit int) {
	f := cmd.Flags()
	f.StringVar(&o.database, "database", "", "`URL` of the database: postgres://… or sqlite:PATH")
	f.Var(&o.since, "since", "leave out what is older: a length of time such as 10m or 7d, or a time such as 2026-01-02T15:04:05Z or 2026-01-02 (default 1h)")
	f.Var(&o.until, "until", "leave out what is younger")
	f.StringVar(&o.service, "service", "", "`name` of the service")
	f.StringArrayVar(&o.attributes, "attribute", nil, "`key=value` of an attribute, or of the resource's; may be given several times")
	f.IntVar(&o.limit, "limit", limit, "`number` of "+noun+" at most: the newest")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with what comes, until interrupted")
	formatFlag(cmd, &o.format)
}

// choosingFlags are the flags of queries that choose by what an item says, each of which some have.
func choosingFlags() []string {
	return []string{"service", "attribute", "name", "min-duration", "max-duration", "status", "severity", "trace", "body"}
}

// check returns what is wrong with the options, and notes whether one of them chooses.
func (o *queryOptions) check(cmd *cobra.Command) error {
	given := slices.DeleteFunc(choosingFlags(), func(flag string) bool { return !cmd.Flags().Changed(flag) })
	o.narrowed, o.limited = len(given) > 0, cmd.Flags().Changed("limit")
	for _, flag := range given { // what a script gives in a variable that is not set would choose everything
		if cmd.Flag(flag).Value.String() == "" {
			return fmt.Errorf("--%s: it is empty: leave the flag out for all", flag)
		}
	}
	switch {
	case o.limit <= 0:
		return fmt.Errorf("--limit %d: want more than 0", o.limit)
	case o.follow && o.until.given():
		return errors.New("--until is an end: it does not go with --follow")
	case cmd.Flags().Changed("database") && o.database == "":
		return errors.New("--database: it is empty: leave the flag out for the default")
	}
	if r := o.within(time.Now()); !r.Until.IsZero() && !r.Since.Before(r.Until) {
		return errors.New("--since is no earlier than --until: nothing can be between")
	}
	_, err := o.wanted()
	return err
}

// wanted returns the attributes to look for.
func (o *queryOptions) wanted() ([]store.Attribute, error) {
	var found []store.Attribute
	for _, text := range o.attributes {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--attribute %q: want key=value", text)
		}
		found = append(found, store.Attribute{Key: key, Value: value})
	}
	return found, nil
}

// within returns the range of time that is asked for: an hour, unless it is said otherwise.
func (o *queryOptions) within(now time.Time) (r store.Range) {
	end := now
	if o.until.given() {
		r.Until = o.until.before(now)
		end = r.Until
	}
	r.Since = end.Add(-queryDefaultSpan)
	if o.since.given() {
		r.Since = o.since.before(now)
	}
	return r
}

// open opens the database.
func (o *queryOptions) open(ctx context.Context) (*store.Store, error) {
	url, origin := o.database, "--database"
	if url == "" {
		url, origin = os.Getenv(databaseVariable), "$"+databaseVariable
	}
	o.embedded = url == ""
	if o.embedded {
		path, err := embeddedStore()
		if err != nil {
			return nil, err
		}
		url = string(database.FileURL(path))
	}
	s, err := store.Open(ctx, url)
	if bad, ok := errors.AsType[*store.URLError](err); ok {
		return nil, coded{hinted.New(errors.New(origin+": "+bad.Problem), bad.Hint()), exitUsage}
	}
	if o.embedded && errors.Is(err, fs.ErrNotExist) {
		err = hinted.New(errors.New("no telemetry is kept here yet"),
			"start otlpctl serve in a terminal, which keeps an hour of what comes, or name a database with --database")
	}
	return s, err
}

// timeFlag is a time, or how long ago it is.
type timeFlag struct {
	at   time.Time
	ago  time.Duration
	text string
}

func (f *timeFlag) String() string { return f.text }

// Type names the value in help texts.
func (*timeFlag) Type() string { return "time" }

// Set reads a length of time, a time of RFC 3339, or a date, which is when it begins in UTC.
func (f *timeFlag) Set(text string) error {
	*f = timeFlag{text: text}
	if ago, err := parseAge(text); err == nil && ago >= 0 {
		f.ago = ago
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	if err != nil || at.Year() < 1970 || at.Year() > 2261 { // nanoseconds are counted
		return errors.New("want a length of time such as 10m or 7d, or a time such as 2026-01-02T15:04:05Z or 2026-01-02")
	}
	f.at = at
	return nil
}

func (f *timeFlag) given() bool { return f.text != "" }

func (f *timeFlag) before(now time.Time) time.Time {
	if f.at.IsZero() {
		return now.Add(-f.ago)
	}
	return f.at
}

// parseAge reads a duration, also in days.
func parseAge(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * day, err
	}
	return time.ParseDuration(text)
}
