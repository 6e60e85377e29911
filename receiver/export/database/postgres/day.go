package postgres

import "time"

// day is a day of UTC, in days since the Unix epoch.
type day int32

const dayMicros = int64(24*time.Hour) / 1000

func dayOfMicros(unixMicros int64) day {
	d := unixMicros / dayMicros
	if unixMicros%dayMicros < 0 {
		d--
	}
	return day(d) //nolint:gosec // 64 bits of nanoseconds are 213,504 days
}

func dayOf(t time.Time) day { return dayOfMicros(t.UnixMicro()) }

func (d day) begin() time.Time { return time.Unix(int64(d)*int64(24*time.Hour/time.Second), 0).UTC() }

// endedBy reports whether nothing of the day is after a time.
func (d day) endedBy(t time.Time) bool { return !(d + 1).begin().After(t) }

// suffix ends the names of the day's partitions.
func (d day) suffix() string { return d.begin().Format(suffixLayout) }

const suffixLayout = "20060102"

// String returns the day as it is written in SQL and in logs: 2006-01-02.
func (d day) String() string { return d.begin().Format(time.DateOnly) }

// bound returns the first moment of the day as a timestamptz in SQL.
func (d day) bound() string { return "'" + d.String() + " 00:00:00+00'" }
