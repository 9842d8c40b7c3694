// SPDX-License-Identifier: Apache-2.0

package installation

// AutoLogger is the session of a DNS source.
type AutoLogger struct {
	Session string
	// GUID must be unique among the sessions of a host. It is not the one by which the receiver knows its own sessions: an AutoLogger's is not its own.
	GUID string
	// Provider, Level and Keywords are what the session enables: what config.yaml asks for.
	Provider string
	Level    uint32
	Keywords uint64
}

// EnableProperty is EVENT_ENABLE_PROPERTY_SID (evntrace.h), which the receiver's own sessions ask for: events carry the SID of the user that wrote
// them.
const EnableProperty = 1

// AutoLoggers are the sessions of all sources.
func AutoLoggers() (all []AutoLogger) {
	for _, s := range sources {
		if s.etw.Session != "" {
			all = append(all, s.etw)
		}
	}
	return all
}
