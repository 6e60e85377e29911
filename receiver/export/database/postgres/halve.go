package postgres

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// halve calls try for all of so many rows, in order, with as many at a time as the database takes: half as many as it has
// refused, and twice as many as it has taken. What it refuses alone is left out, and nothing else: what a server says of
// where in several rows that is only leads there sooner.
func halve(rows int, try func(from, to int) error, refused func(i int, why *pgconn.PgError)) error {
	suspect := -1
	for from, some := 0, rows; from < rows; {
		end := min(from+some, rows)
		if from == suspect {
			end = from + 1
		}
		err := try(from, end)
		if err == nil {
			from, some = end, 2*(end-from)
			continue
		}
		if !refuses(err) {
			return err
		}
		why, _ := errors.AsType[*pgconn.PgError](err) // what is refused is one
		if end-from == 1 {
			refused(from, why)
			from = end
			continue
		}
		some = (end - from) / 2
		if fine, known := taken(why); known && fine < end-from {
			suspect = from + fine
			if fine > 0 {
				some = fine
			}
		}
	}
	return nil
}

// refuses reports whether an error is one of a row. What is there already is left out by then: another row with the same
// key is that of a constraint which somebody has added.
func refuses(err error) bool {
	r := remedyOf(err)
	return r == refuse || r == deduplicate
}

// whereInCopy is what a server says of a value that it could not read, in any language: the row, from one, and the column.
// The statement stands last; what triggers do within it stands before.
var whereInCopy = regexp.MustCompile(`(?:^|\n)COPY otlp_[a-z]+, [^\d\n]*(\d+)[^\d\n]*, [^\d\n]*$`)

// whereInParameter is the same for a parameter of a statement.
var whereInParameter = regexp.MustCompile(`^[^"\n]*\$\d+[^"\n]*$`)

// taken returns how many rows COPY had read before the one that was refused, as the server says, if it does.
func taken(why *pgconn.PgError) (rows int, known bool) {
	found := whereInCopy.FindStringSubmatch(why.Where)
	if !strings.HasPrefix(why.Code, "22") || found == nil {
		return 0, false
	}
	line, err := strconv.Atoi(found[1])
	if err != nil || line == 0 {
		return 0, false
	}
	return line - 1, true
}
