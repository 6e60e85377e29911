package config

import (
	"reflect"
	"slices"

	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/export/database"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

const (
	shortDatabase = "database.url"
	databaseID    = "database" // of the exporter that the section stands for
)

func longDatabase() place { return place{"exporters", databaseID} }

// databaseTwins returns what the section database is short for.
func databaseTwins() []twin {
	return []twin{
		{shortDatabase, append(longDatabase(), "url"), identical},
		{"database.max_connections", append(longDatabase(), "max_connections"), identical},
	}
}

// ofDatabase returns where the exporter has a key that the section database lacks, or nil. Of other sections it knows
// nothing.
func ofDatabase(section *path, key string) place {
	if section == nil || section.String() != placeOf(shortDatabase)[0] {
		return nil
	}
	keys, err := fieldsOf(reflect.TypeFor[database.Config]())
	if err != nil {
		return nil // decoding says so
	}
	meant := Nearest(key, keys.keys())
	if meant == "" {
		return nil
	}
	return append(longDatabase(), meant)
}

// namesDatabase reports whether the short form names a database. An empty URL is
// that of a variable which is not set.
func (doc *document) namesDatabase() bool {
	url := placeOf(shortDatabase).scalar(doc.root)
	return url != nil && url.text != ""
}

// database settles the section database. Its URL brings an exporter into every
// pipeline, unless that is there already: then it is a second name for its URL, and
// the pipelines are as they are. Without URL and exporter the section has no meaning yet.
func (s shortener) database() {
	there := longDatabase().at(s.doc.root) != nil
	if !there && !s.doc.namesDatabase() {
		return
	}
	from := s.said(placeOf(shortDatabase))
	if !there {
		s.everywhere(from)
	}
	for _, t := range databaseTwins() {
		if short := s.said(placeOf(t.short)); short != nil && short.text != "" {
			if !there { // it is about to be
				s.put(t.long, t.short, short, short.text)
				continue
			}
			s.copy(t.short, t.long, t.translate)
		}
	}
}

// everywhere adds the exporter to the pipelines that the files define, for the
// signals that it takes.
func (s shortener) everywhere(from *node) {
	pipelines := placeOf("service.pipelines").at(s.doc.root)
	if pipelines == nil || pipelines.kind != mapping {
		return
	}
	for _, e := range pipelines.entries {
		if e.value.kind != mapping || typeOf(e.key.text) == wire.Profiles.String() {
			continue
		}
		steps := place{"service", "pipelines", e.key.text, "exporters"}.steps()
		list := e.value.field("exporters")
		if list != nil && list.kind == scalar {
			list = &node{src: list.src, mark: list.mark, width: list.width, kind: sequence, items: splitList(list)}
			s.doc.root = assign(s.doc.root, steps, list)
		}
		at := 0
		if list != nil {
			at = len(list.items)
		}
		item := *from
		item.text, item.raw, item.alias = databaseID, databaseID, shortDatabase
		s.doc.root = assign(s.doc.root, append(steps, step{index: at}), &item)
	}
}

// databaseByDefault puts the database into the pipelines of the receiver that runs
// without files, in place of the exporter that shows what there is no other place for.
func (doc *document) databaseByDefault(c *receiver.Config) {
	c.Exporters[databaseID] = receiver.NewExporterConfig(databaseID)
	shown := doc.root.field("exporters").field("debug") != nil
	if !shown {
		delete(c.Exporters, "debug")
	}
	for id, p := range c.Service.Pipelines {
		if !shown {
			p.Exporters = slices.DeleteFunc(p.Exporters, func(e receiver.ID) bool { return e == "debug" })
		}
		p.Exporters = append(p.Exporters, databaseID)
		c.Service.Pipelines[id] = p
	}
}

// fromDatabase reports whether a value was set by the section database, which stays
// when a configuration is packed: a value that is encrypted holds under its name only.
func (n *node) fromDatabase() bool {
	return slices.ContainsFunc(databaseTwins(), func(t twin) bool { return t.short == n.alias })
}
