package payload

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func (s source) logs(n int) plog.Logs {
	ld := plog.NewLogs()
	resource := ld.ResourceLogs().AppendEmpty()
	s.resource(resource.Resource())
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName("github.com/shop/log")
	for range n {
		s.log(scope.LogRecords().AppendEmpty())
	}
	return ld
}

func (s source) log(record plog.LogRecord) {
	at := s.when()
	record.SetTimestamp(at)
	record.SetObservedTimestamp(at + pcommon.Timestamp(s.Uint64N(1_000_000)))
	severity := []plog.SeverityNumber{plog.SeverityNumberDebug, plog.SeverityNumberInfo, plog.SeverityNumberWarn, plog.SeverityNumberError}[s.IntN(4)]
	record.SetSeverityNumber(severity)
	record.SetSeverityText(severity.String())
	record.SetTraceID(s.traceID())
	record.SetSpanID(s.spanID())
	record.Body().SetStr(fmt.Sprintf("%s %s from %s took %d ms, status %d, order %s",
		s.pick("GET", "POST", "PUT"), s.route(), s.address(), s.IntN(2000), 200+s.IntN(300), s.hex(24)))
	a := record.Attributes()
	a.PutStr("logger.name", s.pick("com.shop.order.OrderService", "com.shop.cart.CartController", "com.shop.Payment"))
	a.PutStr("thread.name", fmt.Sprintf("http-worker-%d", s.IntN(64)))
	a.PutInt("thread.id", int64(s.IntN(4096)))
	a.PutStr("code.function.name", s.pick("placeOrder", "loadCart", "authorize", "renderPage"))
	a.PutInt("code.line.number", int64(s.IntN(900)))
	a.PutStr("enduser.id", s.hex(16))
}
