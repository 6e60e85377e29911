package migration

import (
	"testing"
	"testing/fstest"
)

func TestRead(t *testing.T) {
	f := func(ok bool, names ...string) {
		t.Helper()
		files := fstest.MapFS{}
		for _, name := range names {
			files["m/"+name] = &fstest.MapFile{Data: []byte("-- " + name)}
		}
		all, err := Read(files, "m")
		if (err == nil) != ok {
			t.Errorf("%v: %v", names, err)
		}
		for i, s := range all {
			if s.Version != i+1 || s.SQL != "-- "+names[i] {
				t.Errorf("%v: step %d is %+v", names, i, s)
			}
		}
	}
	f(true)
	f(true, "0001_begin.sql", "0002_then.sql")
	f(false, "0001_begin.sql", "0003_then.sql")
	f(false, "0002_begin.sql")
	f(false, "begin.sql")
	f(false, "0001_begin.sql", "0001_again.sql")
}
