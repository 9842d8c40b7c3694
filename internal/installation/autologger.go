// SPDX-License-Identifier: Apache-2.0

package installation

import "github.com/otelcol-winnet/otelcol-winnet/internal/dns"

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

// sessionGUID is the GUID of a provider's AutoLogger session, which must be unique among the sessions of a host. It is not the GUID by which
// the receiver knows its own sessions: an AutoLogger's is not its own.
func sessionGUID(p *dns.Provider) string {
	if p.Session == dns.Server().Session {
		return "{0B6F2F3A-58C1-4B0C-8E6E-3C1F8D0A7E11}"
	}
	return "{0B6F2F3A-58C1-4B0C-8E6E-3C1F8D0A7E12}"
}
