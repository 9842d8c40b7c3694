// SPDX-License-Identifier: Apache-2.0

package installation

// sessionValues are the DWORD values of an AutoLogger's key. They describe the session that the receiver would start by itself, with the
// defaults of its section `buffers`. ClockType 2 is the system time.
var sessionValues = []struct {
	name  string
	value uint32
}{
	{"Start", 1},
	{"LogFileMode", 0x08800100}, // EVENT_TRACE_REAL_TIME_MODE, _PERSIST_ON_HYBRID_SHUTDOWN, _INDEPENDENT_SESSION_MODE
	{"BufferSize", 256},         // KB
	{"MinimumBuffers", 64},
	{"MaximumBuffers", 256},
	{"FlushTimer", 1}, // seconds
	{"ClockType", 2},
}

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

// AutoLoggers are the sessions of all sources.
func AutoLoggers() (all []AutoLogger) {
	for _, s := range sources {
		if s.etw.Session != "" {
			all = append(all, s.etw)
		}
	}
	return all
}
