package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"
)

// embeddedStore returns the file of the embedded store, where the system has data of its users:
// $XDG_DATA_HOME (~/.local/share), ~/Library/Application Support, or %LocalAppData%.
func embeddedStore() (string, error) {
	folder, err := userData()
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "otlpctl", "telemetry.db"), nil
}

func userData() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%: what is large and of one machine
	case "darwin":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	if folder := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return folder, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(cmp.Or(home, "/"), ".local", "share"), err
}
