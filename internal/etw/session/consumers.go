// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"sync/atomic"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/exclusive"
)

// The state of the process, and not of a session.
var (
	// namesInUse are the sessions that this process runs, in lower case, as ETW compares them. A session's name is unique on the host, so a
	// receiver could take the session of another one for one that a dead process left behind.
	namesInUse exclusive.Names

	// consumers are those of all sessions. Windows never frees a callback, and a process has about 2,000 of them, so all sessions share
	// one callback, which finds its consumer by an id.
	consumers consumerTable
)

// maxConsumers is how many consumers a process has at most; Windows runs 64 sessions in all.
const maxConsumers = 64

// consumerTable maps ids to consumers. The callback reads it without a lock. A consumer's id is its index plus one.
type consumerTable [maxConsumers]atomic.Pointer[consumer]

// add gives c an id, which goes to Windows as EVENT_TRACE_LOGFILE.Context and comes back as EVENT_RECORD.UserContext.
func (t *consumerTable) add(c *consumer) (uintptr, error) {
	for i := range t {
		if t[i].CompareAndSwap(nil, c) {
			return uintptr(i + 1), nil
		}
	}
	return 0, errors.New("this process already runs the maximum of 64 ETW consumers")
}

// remove frees the id. No callback may use it any more: ProcessTrace has returned, or was never called.
func (t *consumerTable) remove(id uintptr) { t[id-1].Store(nil) }

// dispatch is all that the callback does: it gives the record to the consumer whose id the record has.
func (t *consumerTable) dispatch(record *eventRecord) {
	id := record.userContext
	if id == 0 || id > maxConsumers {
		return
	}
	if c := t[id-1].Load(); c != nil {
		c.receive(record)
	}
}
