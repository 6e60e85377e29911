package sqlite

import (
	"math"
	"unsafe"

	"zombiezen.com/go/sqlite"
)

// columns binds the values of a row to a statement, one column after the other.
type columns struct {
	stmt *sqlite.Stmt
	last int
}

// integer binds a number. A uint64 is kept modulo 2^64.
func (c *columns) integer(v int64) {
	c.last++
	c.stmt.BindInt64(c.last, v)
}

// count binds a number, or NULL for zero.
func (c *columns) count(v uint32) {
	if v == 0 {
		c.null()
		return
	}
	c.integer(int64(v))
}

// optionalInteger binds a number, or NULL.
func (c *columns) optionalInteger(v *int64) {
	if v == nil {
		c.null()
		return
	}
	c.integer(*v)
}

// optionalCount binds a number that is at most math.MaxInt64, or NULL.
func (c *columns) optionalCount(v *uint64) {
	if v == nil {
		c.null()
		return
	}
	c.integer(int64(*v)) //nolint:gosec // bounded by its type's contract
}

// float binds a number, or NULL. NaN is NULL to SQLite.
func (c *columns) float(v *float64) {
	if v == nil {
		c.null()
		return
	}
	c.last++
	c.stmt.BindFloat(c.last, *v)
}

func (c *columns) null() {
	c.last++
	c.stmt.BindNull(c.last)
}

// text binds a text, which is copied.
func (c *columns) text(v []byte) {
	c.last++
	c.stmt.BindText(c.last, unsafe.String(unsafe.SliceData(v), len(v)))
}

// optionalText binds a text, or NULL if it is empty.
func (c *columns) optionalText(v []byte) {
	if len(v) == 0 {
		c.null()
		return
	}
	c.text(v)
}

// blob binds bytes, which are copied.
func (c *columns) blob(v []byte) {
	c.last++
	c.stmt.BindBytes(c.last, v)
}

// optionalBlob binds bytes, or NULL if there are none.
func (c *columns) optionalBlob(v []byte) {
	if len(v) == 0 {
		c.null()
		return
	}
	c.blob(v)
}

// insert executes the statement, which returns no rows.
func (c *columns) insert() error {
	if _, err := c.stmt.Step(); err != nil {
		return err
	}
	return c.stmt.Reset()
}

// moment is a time in the column that orders rows. What is later than the year 2262 is as late as can be said.
func moment(unixNano uint64) int64 { return int64(min(unixNano, math.MaxInt64)) } //nolint:gosec // bounded
