// SPDX-License-Identifier: Apache-2.0

package status

import (
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// ScopeName is the name of the instrumentation scope of status records.
const ScopeName = "winnet.status"

// Kind is a kind of record: the attribute Kind.
type Kind string

// The kinds.
const (
	Heartbeat Kind = "heartbeat" // the account so far
	Loss      Kind = "loss"      // events that are lost
	Security  Kind = "security"  // someone else changed the source
	Canary    Kind = "canary"    // the event of the receiver's own query did not come
)

// States of what a record of the kinds Security and Canary is about: the attribute State.
const (
	Raised  = "raised"
	Cleared = "cleared"
)

// States of a receiver: the attribute State of a heartbeat.
const (
	Live     = "live"     // the live source is read
	Waiting  = "waiting"  // there is no live source to read
	Replay   = "replay"   // files are read
	Replayed = "replayed" // all files have been read
	Stopped  = "stopped"  // the receiver has stopped; this is its last heartbeat
)

// Severities of records: the attribute EventSeverity.
const (
	informational = "Informational"
	medium        = "Medium"
	high          = "High"
)

// Types of the records that every receiver has: the attribute EventType. Those of the kinds Security and Canary are the receivers' own.
const (
	typeHeartbeat = "Heartbeat"
	typeLoss      = "EventsLost"
)

// Account is what became of the events of a receiver since its start. See pipeline.Stats.
type Account struct {
	Received, Emitted, Filtered, Aggregated, Pending int64
	Undecodable, Dropped, Lost                       map[string]int64 // by reason, and for Lost by source
	// CopiesLost are copies of events that are missing in the recording or the archive, by where they are missing and why. They are no part
	// of the account.
	CopiesLost map[string]int64
	Last       time.Time // when the last event that was handled was received; zero if none
}

// Device is where and in what a receiver runs.
type Device struct {
	Dvc       string // the host, as the receiver's other records name it
	Component string // the receiver's id
	Command   string // the collector's name
	Version   string // the collector's version
	HideHost  HostHider
}

// HostHider replaces the name of the host in a finished record; nil replaces nothing. One goroutine calls it.
type HostHider func(host string, logs plog.Logs)

// record is a status record before it becomes a log record.
type record struct {
	kind       Kind
	typ        string // the attribute EventType
	object     string // what it is about
	state      string
	message    string
	count      int64     // of events; 0 is unknown
	start, end time.Time // of what it reports; a zero start is unknown
	at         time.Time // when it was made
	account    *Account  // of a heartbeat
	uptime     time.Duration
}

// severity returns the record's EventSeverity.
func (r *record) severity() string {
	switch {
	case r.kind == Loss && r.state != Cleared:
		return medium
	case r.kind != Heartbeat && r.state == Raised:
		return high
	}
	return informational
}

var severityNumbers = map[string]plog.SeverityNumber{
	informational: plog.SeverityNumberInfo, medium: plog.SeverityNumberWarn, high: plog.SeverityNumberError,
}

var severityTexts = map[string]string{informational: "INFO", medium: "WARN", high: "ERROR"}

// logs returns the record as a batch of its own. before is the account of the heartbeat that the next component took last.
func (r *record) logs(d Device, before *record) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	resource := rl.Resource().Attributes()
	resource.PutStr("service.name", d.Command)
	resource.PutStr("service.version", d.Version)
	putText(resource, "host.name", d.Dvc)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(ScopeName)
	sl.Scope().SetVersion(d.Version)
	lr := sl.LogRecords().AppendEmpty()
	lr.SetTimestamp(pcommon.NewTimestampFromTime(r.at))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(r.at))
	lr.SetSeverityNumber(severityNumbers[r.severity()])
	lr.SetSeverityText(severityTexts[r.severity()])
	lr.Body().SetStr(r.message)

	a := lr.Attributes()
	a.PutStr("Kind", string(r.kind))
	a.PutStr("EventType", r.typ)
	a.PutStr("EventSeverity", r.severity())
	putText(a, "Dvc", d.Dvc)
	a.PutStr("Component", d.Component)
	a.PutStr("Version", d.Version)
	putText(a, "Object", r.object)
	putText(a, "State", r.state)
	start, count := r.start, r.count
	if r.account != nil {
		r.account.put(a, r, before)
		count = r.account.Received
		if before != nil {
			start, count = before.at, count-before.account.Received
		}
		a.PutInt("EventCount", count)
	} else if count > 0 {
		a.PutInt("EventCount", count)
	}
	putTime(a, "EventStartTime", start)
	putTime(a, "EventEndTime", r.end)
	if d.HideHost != nil {
		d.HideHost(d.Dvc, logs)
	}
	return logs
}

// put writes the account: the totals as columns, and in AdditionalFields the differences from the heartbeat before and the numbers by reason.
func (a *Account) put(to pcommon.Map, r, before *record) {
	was := &Account{}
	if before != nil {
		was = before.account
	}
	more := to.PutEmptyMap("AdditionalFields")
	since := more.PutEmptyMap("Since")
	for _, one := range []struct {
		name     string
		now, was int64
	}{
		{"Received", a.Received, was.Received}, {"Emitted", a.Emitted, was.Emitted}, {"Filtered", a.Filtered, was.Filtered},
		{"Aggregated", a.Aggregated, was.Aggregated}, {"Undecodable", sum(a.Undecodable), sum(was.Undecodable)},
		{"Dropped", sum(a.Dropped), sum(was.Dropped)}, {"KernelLost", sum(a.Lost), sum(was.Lost)},
	} {
		to.PutInt(one.name, one.now)
		since.PutInt(one.name, one.now-one.was)
	}
	to.PutInt("Pending", a.Pending)
	for _, parts := range []struct {
		name string
		of   map[string]int64
	}{{"DroppedBy", a.Dropped}, {"LostBy", a.Lost}, {"UndecodableBy", a.Undecodable}, {"CopiesLostBy", a.CopiesLost}} {
		if sum(parts.of) == 0 {
			continue
		}
		m := more.PutEmptyMap(parts.name)
		for _, name := range slices.Sorted(maps.Keys(parts.of)) {
			if n := parts.of[name]; n != 0 {
				m.PutInt(name, n)
			}
		}
	}
	more.PutInt("UptimeSeconds", int64(r.uptime/time.Second))
	putTime(more, "LastEventTime", a.Last)
}

func sum(by map[string]int64) (n int64) {
	for _, one := range by {
		n += one
	}
	return n
}

func putText(m pcommon.Map, name, text string) {
	if text != "" {
		m.PutStr(name, text)
	}
}

// putTime writes a time in the form of the other records: UTC, with 100 ns.
func putTime(m pcommon.Map, name string, t time.Time) {
	if !t.IsZero() {
		m.PutStr(name, t.UTC().Format("2006-01-02T15:04:05.0000000Z"))
	}
}
