package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	good, big := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "big.yaml")
	for name, data := range map[string]string{good: "a: 1\n", big: strings.Repeat("#", maxFileBytes+1)} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := ReadFiles([]string{good, good})
	if err != nil || len(files) != 2 || string(files[1].Data) != "a: 1\n" || files[1].Name != good {
		t.Errorf("%v, %v", files, err)
	}
	missing := filepath.Join(dir, "missing.yaml")
	_, err = ReadFiles([]string{missing, good, dir, big, ""})
	want := missing + ": no such file or directory\n" +
		dir + ": is a directory\n" +
		big + ": larger than 4 MiB, which is too much for a configuration\n" +
		"the path of a configuration file is empty"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
