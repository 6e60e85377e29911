package row

import "fmt"

// AppendLog is AppendSpan for a LogRecord. An empty body is not the same as nil.
func AppendLog(dst []byte, l *Log) ([]byte, error) {
	if l.Raw != nil {
		return append(dst, l.Raw...), nil
	}
	out, err := appendLog(dst, l)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendLog(dst []byte, l *Log) ([]byte, error) {
	dst = appendFixed64(dst, logTime, l.TimeRaw)
	dst = appendInt(dst, logSeverity, l.Severity)
	dst = appendBytes(dst, logSeverityText, l.SeverityText)
	dst, err := appendBody(dst, l)
	if err != nil {
		return nil, err
	}
	if dst, err = appendAttributes(dst, logAttributes, l.Attributes); err != nil {
		return nil, err
	}
	dst = appendUint(dst, logDroppedAttributes, uint64(l.DroppedAttributes))
	dst = appendFixed32(dst, logFlags, l.Flags)
	dst = appendBytes(dst, logTraceID, l.TraceID)
	dst = appendBytes(dst, logSpanID, l.SpanID)
	dst = appendFixed64(dst, logObserved, l.Observed)
	return appendBytes(dst, logEventName, l.EventName), nil
}

func appendBody(dst []byte, l *Log) ([]byte, error) {
	if l.Body == nil && l.BodyJSON == nil {
		return dst, nil
	}
	dst, start := open(dst, logBody)
	if l.BodyJSON == nil {
		return closed(appendPresent(dst, anyString, l.Body), start), nil
	}
	dst, err := appendAny(dst, newReader(l.BodyJSON))
	if err != nil {
		return nil, fmt.Errorf("body_json: %w", err)
	}
	return closed(dst, start), nil
}
