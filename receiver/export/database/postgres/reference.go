package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// reference is a kind of what items refer to, each in a table of its own.
type reference uint8

const (
	resources reference = iota
	scopes
	metrics
	numReferences
)

// column returns the name of the column in which items refer to one.
func (r reference) column() string {
	return [numReferences]string{resources: "resource_id", scopes: "scope_id", metrics: "metric_id"}[r]
}

// column is a column of such a table.
type column struct {
	name, typ string
	oid       uint32 // of typ, in pg_type
}

// The types of columns, with their OIDs, which are the same in every server.
func uuidColumn(name string) column  { return column{name, "uuid", 2950} }
func textColumn(name string) column  { return column{name, "text", 25} }
func jsonColumn(name string) column  { return column{name, "jsonb", 3802} }
func byteaColumn(name string) column { return column{name, "bytea", 17} }

type referenceTable struct {
	name    string
	columns []column // id first; seen follows them
}

//nolint:gochecknoglobals // immutable table
var referenceTables = [numReferences]referenceTable{
	resources: {"otlp_resources", []column{
		uuidColumn("id"), textColumn("service"), textColumn("schema_url"), jsonColumn("attributes"), byteaColumn("otlp"),
	}},
	scopes: {"otlp_scopes", []column{
		uuidColumn("id"), textColumn("name"), textColumn("version"), textColumn("schema_url"), jsonColumn("attributes"), byteaColumn("otlp"),
	}},
	metrics: {"otlp_metrics", []column{
		uuidColumn("id"), textColumn("name"), textColumn("description"), textColumn("unit"),
		{"kind", "smallint", 21},
		{"temporality", "integer", 23},
		{"monotonic", "boolean", 16},
		byteaColumn("otlp"),
	}},
}

// upsert returns the statement that writes rows, given as an array for each column,
// and the day they were seen on. Its order is that of the arrays.
func (t *referenceTable) upsert() string {
	var names, arrays []string
	for i, c := range t.columns {
		names = append(names, c.name)
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, c.typ))
	}
	return fmt.Sprintf("INSERT INTO %[1]s (%[2]s, seen) SELECT *, $%[4]d::date FROM unnest(%[3]s) "+
		"ON CONFLICT (id) DO UPDATE SET seen = EXCLUDED.seen WHERE %[1]s.seen < EXCLUDED.seen",
		t.name, strings.Join(names, ", "), strings.Join(arrays, ", "), len(t.columns)+1)
}

// referred is a row of such a table: its fields in binary format, the ID first.
type referred [][]byte

// array returns the binary format of an array with one dimension: the number of dimensions,
// whether there are NULLs, the type of elements, their number, the index of the first, and each
// with its length before it.
func array(list []referred, field int, c column) []byte {
	a := binary.BigEndian.AppendUint32(nil, 1)
	a = binary.BigEndian.AppendUint32(a, 0)
	a = binary.BigEndian.AppendUint32(a, c.oid)
	a = binary.BigEndian.AppendUint32(a, uint32(len(list))) //nolint:gosec // far below
	a = binary.BigEndian.AppendUint32(a, 1)
	for _, r := range list {
		a = binary.BigEndian.AppendUint32(a, uint32(len(r[field]))) //nolint:gosec // a request has 64 MiB at most
		a = append(a, r[field]...)
	}
	return a
}

// write writes rows, in one statement.
func (t *referenceTable) write(ctx context.Context, conn *session, list []referred, today day) error {
	const text, binaryFormat = 0, 1
	var values [][]byte
	var formats []int16
	for i, c := range t.columns {
		values = append(values, array(list, i, c))
		formats = append(formats, binaryFormat)
	}
	values = append(values, []byte(today.String()))
	formats = append(formats, text)
	_, err := conn.ExecParams(ctx, t.upsert(), values, nil, formats, nil).Close()
	return err
}

// jsonField returns the binary format of jsonb, which is an empty object for nothing.
func jsonField(v row.JSON) []byte {
	if len(v) == 0 {
		v = []byte("{}")
	}
	return append([]byte{jsonbVersion}, v...)
}

func resourceFields(r *row.Resource) referred {
	return referred{r.ID[:], r.Service, r.SchemaURL, jsonField(r.Attributes), r.OTLP}.clone()
}

func scopeFields(s *row.Scope) referred {
	return referred{s.ID[:], s.Name, s.Version, s.SchemaURL, jsonField(s.Attributes), s.OTLP}.clone()
}

func metricFields(m *row.Metric) referred {
	monotonic := []byte{0}
	if m.Monotonic {
		monotonic[0] = 1
	}
	return referred{
		m.ID[:], m.Name, m.Description, m.Unit,
		binary.BigEndian.AppendUint16(nil, uint16(m.Kind)),        //nolint:gosec // two's complement, as in the server
		binary.BigEndian.AppendUint32(nil, uint32(m.Temporality)), //nolint:gosec // two's complement, as in the server
		monotonic, m.OTLP,
	}.clone()
}

// size returns how much memory it takes, in bytes.
func (r referred) size() int {
	const perField = 40 // of its slice, and of what is allocated for little
	n := 0
	for _, field := range r {
		n += perField + len(field)
	}
	return n
}

func (r referred) clone() referred {
	for i := range r {
		r[i] = bytes.Clone(r[i])
	}
	return r
}

// sorted orders rows by ID, so that two writers never wait for each other.
func sorted(list map[row.ID]referred) []referred {
	all := make([]referred, 0, len(list))
	for _, r := range list {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b referred) int { return bytes.Compare(a[0], b[0]) })
	return all
}

// maxSeen bounds the IDs that are remembered, for each kind.
const maxSeen = 1 << 16

// seen remembers what the database has been told today, so that it need not be told
// again. The zero value is ready.
type seen struct {
	mu    sync.Mutex
	times int // it was made to forget
	today day
	ids   [numReferences]map[row.ID]struct{}
}

func (s *seen) has(kind reference, id row.ID, today day) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.ids[kind][id]
	return ok && s.today == today
}

// add notes what the database was told, unless it may not be the same any more as when seen had been made to forget
// so many times.
func (s *seen) add(kind reference, list []referred, today day, forgotten int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.times != forgotten {
		return
	}
	if s.today != today {
		s.today, s.ids = today, [numReferences]map[row.ID]struct{}{}
	}
	if s.ids[kind] == nil || len(s.ids[kind])+len(list) > maxSeen {
		s.ids[kind] = make(map[row.ID]struct{}, len(list))
	}
	for _, r := range list {
		s.ids[kind][row.ID(r[0])] = struct{}{}
	}
}

// forget is for when the database may not be the same any more.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	s.ids = [numReferences]map[row.ID]struct{}{}
}

// forgotten returns how often it was made to forget.
func (s *seen) forgotten() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.times
}
