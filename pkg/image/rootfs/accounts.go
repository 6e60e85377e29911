package rootfs

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// account is a line of /etc/passwd or /etc/group.
type account struct {
	name string
	id   int
	line string
}

// accounts returns /etc/passwd and /etc/group, where the base lacks an account.
func accounts(base Base) ([]Entry, error) {
	passwd, err := base.merge(passwdPath, base.passwd, []account{
		{"root", 0, "root:x:0:0:root:/root:/sbin/nologin"},
		{image.User, image.UID, image.User + ":x:" + image.RunAs + ":otlpctl:" + image.AppFolder + ":/sbin/nologin"},
	})
	if err != nil {
		return nil, err
	}
	group, err := base.merge(groupPath, base.group, []account{
		{"root", 0, "root:x:0:"},
		{image.User, image.UID, image.User + ":x:" + strconv.Itoa(image.UID) + ":"},
	})
	return append(passwd, group...), err
}

// merge appends the accounts that a file lacks. It returns nothing if it lacks none.
func (b *Base) merge(name string, content []byte, wanted []account) ([]Entry, error) {
	if there, ok := b.entries[name]; ok && there != file {
		return nil, b.fault("%s is there, and no file", name)
	}
	merged := bytes.Clone(content)
	if len(merged) > 0 && merged[len(merged)-1] != '\n' {
		merged = append(merged, '\n')
	}
	complete := true
	for _, w := range wanted {
		has, err := b.holds(name, content, w)
		if err != nil {
			return nil, err
		}
		if !has {
			complete = false
			merged = append(merged, w.line+"\n"...)
		}
	}
	if complete {
		return nil, nil
	}
	return []Entry{{Path: name, Mode: 0o644, Data: merged}}, nil
}

// holds reports whether the account is in the file. It is an error if the name or the number is
// another's.
func (b *Base) holds(file string, content []byte, wanted account) (bool, error) {
	found := false
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 {
			continue
		}
		id, err := strconv.Atoi(fields[2])
		switch isName, isID := fields[0] == wanted.name, err == nil && id == wanted.id; {
		case isName && isID:
			found = true
		case isName && !found:
			return false, b.fault("%s gives %s the number %s, and it must be %d", file, wanted.name, fields[2], wanted.id)
		case isID && !found && id != 0: // root may have other names
			return false, b.fault("%s gives the number %d to %s, and it must be that of %s", file, id, fields[0], wanted.name)
		}
	}
	return found, nil
}
