package sqlite

import (
	"fmt"
	"slices"
	"testing"
)

// What was released never changes: files that it made are taken to have its schema.
func TestMigrationsKeepTheirHistory(t *testing.T) {
	history := []string{
		"begin 7d66f1ddbcfb7abf7bd87717c3934d349de7c04c8d5a47795d651edb33e146d2",
	}
	all, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, fmt.Sprintf("%s %x", m.Name, m.Sum))
	}
	if !slices.Equal(got, history) {
		t.Errorf("migrations are\n%q, want\n%q: what was released is changed by a further migration", got, history)
	}
}
