// SPDX-License-Identifier: Apache-2.0

// Package envelope encodes log records as items of Application Insights: envelopes with MessageData, in the form of the
// collector's exporter azure_monitor. It writes from pdata directly into a buffer. Each rule that alters a value is
// counted by the part of the envelope; see Rule.
package envelope

import (
	"bytes"
	"encoding/hex"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

// The limits of the service, in characters, except MaxItem, which is in bytes. Sources: "Trace telemetry: Application
// Insights data model" (https://learn.microsoft.com/azure/azure-monitor/app/data-model-trace-telemetry) for message,
// names and values; "Azure Monitor service limits", Application Insights
// (https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights), maximum event size 64 KB, read
// as 64,000. Neither defines a character. The service's SDKs for .NET, Java and JavaScript count UTF-16 units, and so
// does this package. It counts values that are JSON in bytes, which is never less than any other count.
const (
	MaxItem    = 64_000
	maxMessage = 32_768
	maxName    = 150
	maxValue   = 8_192
)

// The limits for an item that would have more than MaxItem.
const (
	maxMessageOfLarge = 4_000
	maxValueOfLarge   = 1_000
	endRoom           = 64 // for the end of an item, and the number of missing properties
)

// MaxAge is the age from which an item gets the time of sending. The service refuses items of more than 48 hours
// permanently: "Field 'time' on type 'Envelope' is older than the allowed min date. Expected: now - 172800000ms"
// (https://github.com/microsoft/ApplicationInsights-JS/issues/205). The ten minutes allow for the way and for clocks
// that differ.
const MaxAge = 48*time.Hour - 10*time.Minute

// Options configures the encoding.
type Options struct {
	InstrumentationKey string
	SDKVersion         string // tag ai.internal.sdkVersion
	// Now is the clock for records that are too old and for records without a time. It is read once for each scope.
	Now func() time.Time
}

// Encoder encodes items. It is not safe for concurrent use. It holds no reference to records.
type Encoder struct {
	Counts Counts // until the user resets them

	opts  Options
	times jsontext.TimeFormatter
	large bool   // the item has to become smaller
	now   uint64 // read when the scope was set

	head   []byte // the start of all items of a scope, up to the tags that differ
	common []property
	texts  []byte // the texts of common
	scope  Counts // the counts that all items of the scope share

	names   jsontext.Names
	object  jsontext.Object
	json    jsonFields // encodes values that are JSON
	scratch []byte
}

// property is a property of all items of a scope: offsets of its name and value as JSON in texts.
type property struct{ from, name, to int }

// NewEncoder returns an encoder.
func NewEncoder(opts Options) *Encoder {
	return &Encoder{opts: opts, object: jsontext.Object{First: []string{"PacketData"}, List: "DnsAnswers"}}
}

// Reset releases memory that only large records needed.
func (e *Encoder) Reset() {
	const kept = 1 << 20
	if cap(e.scratch) > kept {
		e.scratch = nil
	}
	if cap(e.texts) > kept {
		e.texts = nil
	}
	e.names.Reset()
	e.object.Reset()
}

// Append appends the item of a record of the current scope, at most MaxItem bytes. It returns the time of its event in
// nanoseconds since 1970.
func (e *Encoder) Append(dst []byte, record plog.LogRecord) (_ []byte, at uint64) {
	from := len(dst)
	e.Counts.merge(&e.scope)
	if dst, at = e.appendItem(dst, record); len(dst)-from > MaxItem {
		e.count(RuleLargeItem, FieldItem)
		e.large = true
		dst, at = e.appendItem(dst[:from], record)
		e.large = false
	}
	return dst, at
}

func (e *Encoder) appendItem(dst []byte, record plog.LogRecord) (_ []byte, at uint64) {
	from := len(dst)
	dst = append(dst, e.head...)
	dst = append(dst, `,"ai.operation.id":"`...)
	if id := record.TraceID(); !id.IsEmpty() {
		dst = hex.AppendEncode(dst, id[:])
	}
	dst = append(dst, `","ai.operation.parentId":"`...)
	if id := record.SpanID(); !id.IsEmpty() {
		dst = hex.AppendEncode(dst, id[:])
	}
	at = e.time(record)
	sent := at
	if e.now > uint64(MaxAge) && at < e.now-uint64(MaxAge) {
		e.count(RuleTooOld, FieldTime)
		sent = e.now
	}
	dst = e.times.Append(append(dst, `"},"time":"`...), sent)
	dst = append(dst, `","data":{"baseType":"MessageData","baseData":{"ver":2,"severityLevel":`...)
	dst = append(append(dst, severity(record.SeverityNumber())), `,"message":`...)
	dst = e.appendMessage(dst, record.Body())
	dst = append(dst, `,"properties":{`...)
	return append(e.appendProperties(dst, from, record, at, sent), "}}}}"...), at
}

// Identity returns the part of an item that is the same each time its record is encoded: all but the time, which may be
// the time of sending.
func Identity(item []byte) []byte {
	return item[bytes.Index(item, []byte(`"data":{`)):]
}

// severity returns the digit of a severity level: Verbose, Information, Warning, Error, Critical.
func severity(n plog.SeverityNumber) byte {
	switch {
	case n >= plog.SeverityNumberTrace && n <= plog.SeverityNumberDebug4:
		return '0'
	case n >= plog.SeverityNumberWarn && n <= plog.SeverityNumberWarn4:
		return '2'
	case n >= plog.SeverityNumberError && n <= plog.SeverityNumberError4:
		return '3'
	case n >= plog.SeverityNumberFatal && n <= plog.SeverityNumberFatal4:
		return '4'
	}
	return '1'
}

// time returns the event's time: the record's timestamp, else the time at which it was observed, else now.
func (e *Encoder) time(record plog.LogRecord) uint64 {
	if at := uint64(record.Timestamp()); at != 0 {
		return at
	}
	e.count(RuleNoTime, FieldTime)
	if at := uint64(record.ObservedTimestamp()); at != 0 {
		return at
	}
	return e.now
}

// appendMessage appends the body. The service requires a message: if the body is empty, its SDKs write n/a, and so does
// this function.
func (e *Encoder) appendMessage(dst []byte, body pcommon.Value) []byte {
	limit := maxMessage
	if e.large {
		limit = maxMessageOfLarge
	}
	if typ := body.Type(); typ == pcommon.ValueTypeEmpty || typ == pcommon.ValueTypeStr && body.Str() == "" {
		e.count(RuleNoMessage, FieldMessage)
		return append(dst, `"n/a"`...)
	}
	return e.appendValue(dst, body, limit, FieldMessage)
}

// count counts a rule. When an item is encoded again because it was too large, only new cuts and omissions are counted.
func (e *Encoder) count(r Rule, f Field) {
	if !e.large || r == RuleCut || r == RuleShed {
		e.Counts.add(r, f)
	}
}
