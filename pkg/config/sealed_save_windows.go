package config

import (
	"io/fs"
	"os"
)

// keepOwner does nothing: a new file has the owner and the rights of its folder.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

// syncFolder does nothing: a folder cannot be opened as a file.
func syncFolder(string) error { return nil }
