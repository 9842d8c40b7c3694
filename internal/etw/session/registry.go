// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
)

// maxConsumers is how many consumers a process has at most; Windows runs 64 sessions in all.
const maxConsumers = 64

// shared is the one piece of state that belongs to the process and not to a session. It has to be: Windows knows one
// callback for all sessions, because a callback is never freed and a process has about 2,000 of them, so that the callback
// must find its consumer by an id; and a session's name is unique on the host, so that two receivers of one collector must
// not take each other's session for one that a dead process left behind.
var shared registry

type registry struct {
	mu    sync.Mutex
	names map[string]struct{} // names in use, in lower case, as ETW compares them

	// consumers is read by the callback without a lock; a consumer's id is its index plus one.
	consumers [maxConsumers]atomic.Pointer[consumer]
}

// claim takes a session's name; false means that it is taken.
func (r *registry) claim(name string) bool {
	key := strings.ToLower(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.names[key]; taken {
		return false
	}
	if r.names == nil {
		r.names = make(map[string]struct{})
	}
	r.names[key] = struct{}{}
	return true
}

func (r *registry) unclaim(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.names, strings.ToLower(name))
}

// add gives c an id, which goes to Windows as EVENT_TRACE_LOGFILE.Context and comes back as EVENT_RECORD.UserContext.
func (r *registry) add(c *consumer) (uintptr, error) {
	for i := range r.consumers {
		if r.consumers[i].CompareAndSwap(nil, c) {
			return uintptr(i + 1), nil
		}
	}
	return 0, errors.New("this process runs as many ETW consumers as it can: 64")
}

// remove frees the id. No callback may use it any more: ProcessTrace has returned, or was never called.
func (r *registry) remove(id uintptr) { r.consumers[id-1].Store(nil) }

// dispatch is the callback's whole work: it hands the record to the consumer whose id it carries.
func (r *registry) dispatch(record *eventRecord) {
	id := record.userContext
	if id == 0 || id > maxConsumers {
		return
	}
	if c := r.consumers[id-1].Load(); c != nil {
		c.receive(record)
	}
}
