// Package rootfs makes the files of an image besides the program and its configuration:
// certificate authorities, time zones, users, and the folders that belong to them.
package rootfs

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// Where the files are. The paths are those that Go's standard library looks at.
const (
	bundlePath = "/etc/ssl/certs/ca-certificates.crt"
	zonesPath  = "/usr/share/zoneinfo"
	passwdPath = "/etc/passwd"
	groupPath  = "/etc/group"
)

// Entry is a file or a folder.
type Entry struct {
	// Path begins with a slash.
	Path string
	// Mode has the permissions, and fs.ModeDir for a folder.
	Mode fs.FileMode
	// ID is the number of the user and the group that own it.
	ID   int
	Data []byte
}

// Entries returns what an image needs beyond what its base has, folders before what is in them, in the
// same order every time. The zero Base is that of an image made from scratch. The error says why
// nothing can be built on this base.
func Entries(base Base) ([]Entry, error) {
	users, err := accounts(base)
	if err != nil {
		return nil, err
	}
	files := users
	if !base.hasAuthorities() {
		files = append(files, Entry{Path: bundlePath, Mode: 0o644, Data: authorities()})
	}
	if !base.zones {
		zones, err := timeZones()
		if err != nil {
			return nil, err
		}
		files = append(files, zones...)
	}
	slices.SortFunc(files, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	folders, err := ownFolders(base)
	if err != nil {
		return nil, err
	}
	return slices.Concat(parents(files, base), folders, files), nil
}

// ownFolders returns the folders that the program works in.
func ownFolders(base Base) ([]Entry, error) {
	folders := []Entry{
		{Path: image.AppFolder, Mode: fs.ModeDir | 0o755, ID: image.UID},
		{Path: image.DataFolder, Mode: fs.ModeDir | 0o755, ID: image.UID},
	}
	for _, f := range folders {
		if there, ok := base.entries[f.Path]; ok && there != folder {
			return nil, base.fault("%s is there, and no folder", f.Path)
		}
	}
	if _, ok := base.entries["/tmp"]; !ok {
		folders = append(folders, Entry{Path: "/tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777})
	}
	return folders, nil
}

// parents returns the folders above the files that the base lacks. Those that it has are left alone: one
// might be a link to another.
func parents(files []Entry, base Base) []Entry {
	var names []string
	for _, f := range files {
		for above := path.Dir(f.Path); above != "/"; above = path.Dir(above) {
			if _, ok := base.entries[above]; !ok {
				names = append(names, above)
			}
		}
	}
	slices.Sort(names)
	var folders []Entry
	for _, name := range slices.Compact(names) {
		folders = append(folders, Entry{Path: name, Mode: fs.ModeDir | 0o755})
	}
	return folders
}
