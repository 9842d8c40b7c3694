// SPDX-License-Identifier: Apache-2.0

// Package eventid has the ids of what a receiver logs for the Windows Event Log: docs/event-log.md. In comes an id, out comes a field of the
// log. The wrapper of internal/platform/service writes what is logged with the field. What is logged again and again is there once, until the
// second id of a pair ends it.
package eventid

import "go.uber.org/zap"

// ID is the id of an event.
type ID int

// The ids.
const (
	Lost       ID = 201 // events are lost
	NotLost    ID = 202 // no longer
	SourceGone ID = 203 // the source delivers nothing: it is missing, or was stopped
	SourceBack ID = 204 // it delivers again
)

// Field returns the log's field that has the id.
func (id ID) Field() zap.Field { return zap.Int("event_log_id", int(id)) }
