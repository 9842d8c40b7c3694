// SPDX-License-Identifier: Apache-2.0

package installation

import "golang.org/x/sys/windows/svc/eventlog"

// newHost returns this Windows.
func newHost() host { return system{} }

type system struct{}

// idFailed is the id of the event of a setup that failed: docs/event-log.md.
const idFailed = 107

// report implements host. An event that cannot be written is no reason to fail: the error is on the standard error too.
func (system) report(text string) {
	if log, err := eventlog.Open(serviceName); err == nil {
		_ = log.Error(idFailed, text)
		log.Close()
	}
}
