// Package otlpjson translates between OTLP/JSON and the protobuf wire format,
// directly from text to text, driven by wire's schema: no messages are built. It
// does no I/O, keeps no state and never retains an input.
//
// # What is read
//
// The rules are those of the OTLP specification, "JSON Protobuf Encoding", and of
// the proto3 JSON mapping beneath it:
//
//   - J1: Identifiers (trace, span, parent span, profile) are hexadecimal in either
//     case. Anything else, base64 above all, is an error. An identifier of the
//     wrong length is translated: wire.Scan says what becomes of its item.
//     Other bytes are base64 in the standard or the URL alphabet, padded or not.
//   - J2: Integers are numbers or strings. They are exact: nothing goes through a
//     double. 1.0 and 1e3 are integers, as protojson has it; 1.5 is an error, and
//     so is what does not fit the field.
//   - J3: Enums are integers, listed in the schema or not; names are an error.
//   - J4: Unknown keys are ignored at every depth; their values must be JSON.
//   - J5: Names in snake_case are unknown keys.
//   - J6: Doubles are numbers, strings that hold one, "NaN", "Infinity" or
//     "-Infinity". null is the default value: the field, list or message is absent. As an
//     element of an array it is an error.
//   - A known key twice in one object is an error, and so are two members of a
//     oneof unless all but one are null.
//   - The document is one JSON object after RFC 8259, in UTF-8 and without a byte
//     order mark, with nothing but white space behind it. Lone surrogates are an
//     error: there is no UTF-8 for them.
//   - Messages nest at most wire.MaxDepth deep below the request.
//
// Default values of fields without presence are not written to the wire.
//
// # Where the OpenTelemetry Collector reads otherwise
//
// Accepted by its pdata package (1.68) and not here: snake_case keys, enum names,
// repeated keys, several members of a oneof (the last counts), null as an element
// of an array (an empty message), null as the document, text behind the
// document, invalid UTF-8, lone surrogates, leading zeros in quoted integers, and
// quoted doubles such as "inf" and "0x1p4".
//
// Accepted here and not there: null for numbers, booleans, enums and identifiers,
// integers with a fraction or exponent, base64 in the URL alphabet or without
// padding, the empty key, and identifiers of the wrong length, of which only the
// item suffers.
package otlpjson
