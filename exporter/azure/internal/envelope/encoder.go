// SPDX-License-Identifier: Apache-2.0

// Package envelope writes log records as items of Application Insights: envelopes with MessageData, as the collector's exporter azure_monitor writes them, straight
// from pdata into a buffer. Each rule that alters a value counts by part of the envelope; see Rule.
package envelope

import (
	"bytes"
	"encoding/hex"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

// The limits of the service, in characters but for MaxItem, which is in bytes. Sources: "Trace telemetry: Application Insights data model"
// (https://learn.microsoft.com/azure/azure-monitor/app/data-model-trace-telemetry) for message, names and values; "Azure Monitor service limits", Application
// Insights (https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights), maximum event size 64 KB, read as 64,000. None says what a
// character is; the service's SDKs for .NET, Java and JavaScript count UTF-16 units, so does this package. Values that are JSON count bytes,
// of which no way of counting has more.
const (
	MaxItem    = 64_000
	maxMessage = 32_768
	maxName    = 150
	maxValue   = 8_192
)

// Of an item that would have more than MaxItem.
const (
	maxMessageOfLarge = 4_000
	maxValueOfLarge   = 1_000
	endRoom           = 64 // for what closes an item, and says how much is missing
)

// MaxAge is the age from which on an item gets the time of sending. The service refuses items of more than 48 hours for good: "Field 'time' on type
// 'Envelope' is older than the allowed min date. Expected: now - 172800000ms" (https://github.com/microsoft/ApplicationInsights-JS/issues/205). The rest is
// for the way, and for clocks that differ.
const MaxAge = 48*time.Hour - 10*time.Minute

// Options is how records become items.
type Options struct {
	InstrumentationKey string
	SDKVersion         string // tag ai.internal.sdkVersion
	// Now is the clock for times that are too old, and for records without a time. It is read once for each scope.
	Now func() time.Time
}

// Encoder writes items. It is for one goroutine. It holds no reference to records.
type Encoder struct {
	Counts Counts // since the user emptied it

	opts   Options
	stamps jsontext.Stamps
	large  bool   // the item has to become smaller
	now    uint64 // when the scope was given

	head   []byte // of the items of a scope, up to the tags that differ
	common []property
	texts  []byte // of common
	scope  Counts // of what all items of the scope share

	names   jsontext.Names
	object  jsontext.Object
	json    jsonFields // who writes the value that is JSON
	scratch []byte
}

// property is a property of all items of a scope: its name and value as JSON, in texts.
type property struct{ from, name, to int }

// NewEncoder makes an encoder.
func NewEncoder(opts Options) *Encoder {
	return &Encoder{opts: opts, object: jsontext.Object{First: []string{"PacketData"}, List: "DnsAnswers"}}
}

// Reset lets go of what large records needed.
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

// Append appends the item of a record of the last scope, of MaxItem bytes at most, and gives the time of its event in nanoseconds since 1970.
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
	dst = e.stamps.Append(append(dst, `"},"time":"`...), sent)
	dst = append(dst, `","data":{"baseType":"MessageData","baseData":{"ver":2,"severityLevel":`...)
	dst = append(append(dst, severity(record.SeverityNumber())), `,"message":`...)
	dst = e.appendMessage(dst, record.Body())
	dst = append(dst, `,"properties":{`...)
	return append(e.appendProperties(dst, from, record, at, sent), "}}}}"...), at
}

// Identity is the part of an item that is the same however often its record is written: without the time, which may be that of sending.
func Identity(item []byte) []byte {
	return item[bytes.Index(item, []byte(`"data":{`)):]
}

// severity is the digit of a severity level: Verbose, Information, Warning, Error, Critical.
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

// time is the event's time: the record's timestamp, else the time at which it was observed, else now.
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

// appendMessage appends the body. The service requires a message: where there is none its SDKs write n/a, and so does this.
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

// count counts a rule. When an item is written again since it was too large, only what is cut and shed then is new.
func (e *Encoder) count(r Rule, f Field) {
	if !e.large || r == RuleCut || r == RuleShed {
		e.Counts.add(r, f)
	}
}
