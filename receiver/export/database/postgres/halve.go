package postgres

import (
	"errors"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// halve calls try for all of so many rows, in order, with as many at a time as the database takes: half as many as it has
// refused, and twice as many as it has taken. Single ones that it refuses are left out.
func halve(rows int, try func(from, to int) error, refused func(i int, why *pgconn.PgError)) error {
	for from, some := 0, rows; from < rows; {
		end := min(from+some, rows)
		err := try(from, end)
		switch {
		case err == nil:
			some = 2 * (end - from)
			from = end
			continue
		case remedyOf(err) != refuse:
			return err
		}
		why, _ := errors.AsType[*pgconn.PgError](err) // what is refused is one
		some = max((end-from)/2, 1)
		switch fine, known := taken(why); {
		case end-from == 1, known && fine == 0:
			refused(from, why)
			from++
		case known && fine < end-from:
			some = fine
		}
	}
	return nil
}

// whereInCopy is what a server says of a value that it could not read, in any language: the row, from one, and the column.
var whereInCopy = regexp.MustCompile(`(?m)^COPY [a-z_]+, \D*(\d+)\D*, \D*$`)

// taken returns how many rows COPY had read before the one that was refused, if that is known for sure.
func taken(why *pgconn.PgError) (rows int, known bool) {
	found := whereInCopy.FindStringSubmatch(why.Where)
	if why.Code[:2] != "22" || found == nil {
		return 0, false
	}
	line, err := strconv.Atoi(found[1])
	if err != nil || line == 0 {
		return 0, false
	}
	return line - 1, true
}
