package wire

// Kind is how a field's value is encoded and what rule it follows.
type Kind uint8

// The kinds of fields that OTLP uses. ID16 and ID8 are `bytes` fields that hold
// an identifier of that many bytes; OTLP/JSON writes them as hex.
const (
	Bool Kind = iota + 1
	Int32
	Uint32
	Sint32
	Int64
	Uint64
	Enum
	Fixed32
	Fixed64
	Sfixed64
	Double
	String
	Bytes
	ID16
	ID8
	Message
)

// Type is a protobuf wire type.
type Type uint8

// The wire types of the protobuf encoding.
const (
	TypeVarint     Type = 0
	TypeFixed64    Type = 1
	TypeBytes      Type = 2
	TypeStartGroup Type = 3
	TypeEndGroup   Type = 4
	TypeFixed32    Type = 5
)

// Type returns the wire type of a single value of the kind.
func (k Kind) Type() Type {
	switch k {
	case Fixed32:
		return TypeFixed32
	case Fixed64, Sfixed64, Double:
		return TypeFixed64
	case String, Bytes, ID16, ID8, Message:
		return TypeBytes
	default:
		return TypeVarint
	}
}

// Label says what surrounds a field's value.
type Label uint8

// Singular fields have implicit presence: absent and zero are the same.
// Optional fields have explicit presence (members of a oneof included).
// Repeated scalars are written packed; both forms are read.
const (
	Singular Label = iota
	Optional
	Repeated
)

// Field describes one field of a message.
type Field struct {
	Number  uint8
	Name    string // lowerCamelCase, as in OTLP/JSON
	Kind    Kind
	Label   Label
	Message MessageID // of kind Message: which one
	rule    rule
}

// MessageID names a message of OTLP and is an index into the schema.
type MessageID uint8

// Fields returns the fields of the message in the order of the .proto file.
// The caller must not change them.
func (m MessageID) Fields() []Field { return messages[m].fields }

// String returns the unqualified name of the message in the .proto file.
func (m MessageID) String() string { return messages[m].name }

// Items reports whether one message of this kind is one item: a span, a data
// point, a log record or a profile.
func (m MessageID) Items() bool { return messages[m].item }

// Messages returns every message of the schema.
func Messages() []MessageID {
	all := make([]MessageID, 0, numMessages-1)
	for m := MessageID(1); m < numMessages; m++ {
		all = append(all, m)
	}
	return all
}

// rule is what the comments of the .proto files demand of an identifier.
type rule uint8

const (
	noRule     rule = iota // an identifier that is neither empty nor of exact length is undecodable
	requiredID             // wrong length, all zero or absent: the item is invalid
	optionalID             // empty or exact length; otherwise the item is invalid
	strippedID             // empty or exact length; otherwise read as absent
)

// messageInfo is one row of the schema.
type messageInfo struct {
	name   string
	item   bool // one message is one item
	parent bool // contains items, at any depth
	fields []Field
}
