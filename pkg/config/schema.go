package config

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// SchemaURL names the dialect of Schema.
const SchemaURL = "https://json-schema.org/draft/2020-12/schema"

// object is a JSON object, whose keys are sorted when it is encoded.
type object = map[string]any

// Schema returns a JSON Schema of configuration files, for editors. It allows
// whatever loads; rules that concern several keys are not in it.
func Schema() any {
	opts := receiverOptions(nil)
	s := schemaWriter{opts: opts, defs: object{}}
	preset := (&document{opts: opts, components: true}).defaults()
	schema := s.value(rootSpot(reflect.ValueOf(preset), nil, &opts), field{})
	schema["$schema"] = SchemaURL
	schema["title"] = "Configuration of otlpctl"
	s.defs["elsewhere"] = object{
		"description": "Nothing, a reference, or an encrypted value.",
		"anyOf":       []object{{"type": "null"}, {"type": "string", "pattern": `\$\{|^ENC\[`}},
	}
	schema["$defs"] = s.defs
	return schema
}

// schemaWriter describes the spots of a configuration.
type schemaWriter struct {
	opts Options
	// defs are the sections that several places have, one for each type of component.
	defs object
}

// value returns the schema of what belongs at a spot. f is its key, if it has one.
func (s schemaWriter) value(at spot, f field) object {
	var schema object
	switch {
	case isText(at.typ), at.isWhole():
		schema = scalarSchema(at.typ, at.field.rules)
	case at.isList():
		schema = s.list(at)
	case at.typ.Kind() == reflect.Map:
		schema = s.mapping(at)
	default:
		schema = s.section(at, f)
	}
	annotate(schema, at, f)
	return schema
}

// annotate adds what editors show.
func annotate(schema object, at spot, f field) {
	if text := schemaText(f, at.typ); text != "" {
		schema["description"] = text
	}
	if f.deprecated != "" {
		schema["deprecated"] = true
	}
	if !at.preset.IsValid() || at.preset.Type() != at.typ || isSection(at) {
		return
	}
	if presetText(f, at.preset) == "" {
		return
	}
	if at.preset.Kind() == reflect.Slice {
		schema["default"] = at.preset.Interface()
		return
	}
	schema["default"], _ = plainText(at.preset)
}

// schemaText is the description of a key: what its tags say that the schema
// cannot, or that editors do not show.
func schemaText(f field, typ reflect.Type) string {
	text := f.doc
	if f.unit != "" {
		text += " Unit: " + f.unit + "."
	}
	if limits := f.limits(); limits != "" {
		text += " Range: " + limits + "."
	}
	if elementOf(typ) == durationType() {
		text += " A duration such as 500ms, 5s or 1m30s."
	}
	if f.secret {
		text += " Secret: never shown."
	}
	if f.deprecated != "" {
		text += " Deprecated: " + f.deprecated + "."
	}
	return text
}

func (s schemaWriter) section(at spot, f field) object {
	properties := object{}
	for _, child := range at.fields() {
		properties[child.key()] = s.value(child, child.field)
	}
	if f.typ != nil && f.typ.Kind() == reflect.Pointer && properties["enabled"] == nil {
		enabled := scalarSchema(reflect.TypeFor[bool](), rules{})
		enabled["default"], enabled["description"] = true, "false switches the section off."
		properties["enabled"] = enabled
	}
	return object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

func (s schemaWriter) list(at spot) object {
	item := spot{opts: &s.opts, typ: at.typ.Elem(), field: at.field}.settle()
	items := s.value(item, field{rules: at.field.rules})
	list := object{"type": []string{"array", "null"}, "items": items}
	if !isScalar(at.typ.Elem()) {
		return list
	}
	return object{"anyOf": []object{list, {"type": "string", "description": "A list with commas, or a reference."}}}
}

// mapping describes a map: of components, which have a schema for each type, or
// of anything by names of the user's own.
func (s schemaWriter) mapping(at spot) object {
	components, isComponents := s.opts.Components[at.path().String()]
	if isComponents {
		return s.components(at, components)
	}
	element := at.element("x")
	values := s.value(element, field{rules: at.field.rules})
	plain := object{"type": []string{"object", "null"}, "additionalProperties": values}
	if !isScalar(at.typ.Elem()) {
		return plain
	}
	pair := object{"type": "object", "required": []string{"name", "value"}, "additionalProperties": false, "properties": object{
		"name": object{"type": "string"}, "value": values,
	}}
	return object{"anyOf": []object{plain, {"type": "array", "items": pair}}}
}

// components describes a map of components. Types that are one under several
// names share a definition.
func (s schemaWriter) components(at spot, c Components) object {
	patterns, names := object{}, map[reflect.Type]string{}
	define := func(typ, current string) {
		child := at.element(typ)
		name, known := names[child.typ]
		if !known {
			name = c.Kind + "_" + typ
			names[child.typ] = name
			s.defs[name] = s.value(child, field{doc: "The " + c.Kind + " " + typ + "."})
		}
		ref := object{"$ref": "#/$defs/" + name}
		if current != "" {
			ref["deprecated"], ref["description"] = true, "Deprecated: rename it to "+current+"."
		}
		patterns["^"+regexp.QuoteMeta(typ)+"(/.+)?$"] = ref
	}
	for _, typ := range c.Types {
		define(typ, "")
	}
	for old, current := range c.Deprecated {
		define(old, current)
	}
	return object{"type": []string{"object", "null"}, "patternProperties": patterns, "additionalProperties": false}
}

// scalarSchema describes one value. Each may also be nothing at all, or text that
// stands for a value found elsewhere.
func scalarSchema(t reflect.Type, r rules) object {
	number := func(typ string) object {
		schema := object{"type": typ}
		for key, text := range map[string]string{"minimum": r.min, "maximum": r.max} {
			if b, err := parseBound(t, text); err == nil && text != "" {
				schema[key] = b.number(t)
			}
		}
		if _, above := schema["minimum"]; !above && isUnsigned(t.Kind()) {
			schema["minimum"] = 0
		}
		return schema
	}
	alternatives := []object{{"$ref": "#/$defs/elsewhere"}}
	switch {
	case len(r.enum) > 0:
		alternatives = append(enumSchemas(r.enum, r.fold || isText(t)), alternatives...)
	case t == durationType():
		alternatives = append([]object{{"type": "string", "pattern": durationPattern(r)}, {"const": 0}}, alternatives...)
	case t.Kind() == reflect.Bool:
		alternatives = append([]object{{"type": "boolean"}}, alternatives...)
	case isFloat(t.Kind()):
		alternatives = append([]object{number("number")}, alternatives...)
	case isSigned(t.Kind()), isUnsigned(t.Kind()):
		alternatives = append([]object{number("integer")}, alternatives...)
		if _, isSize := unitBytes(r.unit); isSize {
			alternatives = append(alternatives, object{"type": "string", "pattern": "^[0-9]+ *([KMG]i?)?B$"})
		}
	default: // text takes any scalar as it is written
		return object{"type": []string{"string", "number", "boolean", "null"}}
	}
	return object{"anyOf": alternatives}
}

// enumSchemas allows listed texts: as they are, which is what editors offer, as
// numbers if they look like some, and in any case of letters if that is allowed.
func enumSchemas(texts []string, fold bool) []object {
	values := make([]any, 0, len(texts))
	for _, text := range texts {
		values = append(values, text)
		if number, err := strconv.ParseFloat(text, 64); err == nil {
			values = append(values, number)
		}
	}
	all := []object{{"enum": values}}
	if !fold {
		return all
	}
	var folded []string
	for _, text := range texts {
		var b strings.Builder
		for _, r := range text {
			lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r))
			if lower == upper {
				b.WriteString(regexp.QuoteMeta(lower))
			} else {
				b.WriteString("[" + lower + upper + "]")
			}
		}
		folded = append(folded, b.String())
	}
	return append(all, object{"type": "string", "pattern": "^(" + strings.Join(folded, "|") + ")$"})
}

// durationPattern allows what time.ParseDuration reads, and negative durations
// only where they are in range.
func durationPattern(r rules) string {
	sign := `\+?`
	if strings.HasPrefix(r.min, "-") {
		sign = `[+-]?`
	}
	return "^" + sign + `(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`
}
