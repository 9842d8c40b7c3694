// SPDX-License-Identifier: Apache-2.0

package verify

import "time"

// The rows of docs/verification.md, by their first cells.
const (
	rowBinary     = "the binary"
	rowService    = "as a service"
	rowActions    = "failure actions"
	rowEventLog   = "the event log"
	rowFiles      = "access to files"
	rowRecords    = "the records"
	rowRecord     = "`record`"
	rowFields     = "field lists"
	rowCalls      = "the calls"
	rowStart      = "start and stop"
	rowProviders  = "providers"
	rowRights     = "rights"
	rowStopped    = "stopped from outside"
	rowTampering  = "tampering"
	rowLosses     = "losses"
	rowKeywords   = "level and keywords"
	rowUsers      = "users"
	rowConsumer   = "the consumer"
	rowTime       = "time"
	rowMaps       = "Cilium's maps: the records"
	rowConfigMap  = "the configuration map"
	rowEBPF       = "eBPF for Windows"
	rowMapsCome   = "maps that come and go"
	startsSession = "starts an ETW session of its own, and stops it"
)

func within(d time.Duration) func(*Options) time.Duration {
	return func(*Options) time.Duration { return d }
}

// Probes returns all probes in the order in which they run. Later ones use what earlier ones found.
func Probes() []Probe {
	const short = 30 * time.Second
	patient := func(o *Options) time.Duration { return 2*o.Patience + o.Settle + 10*time.Second }
	return []Probe{
		{"os", rowBinary, "Windows 10 1607, Windows Server 2016 or later, and a program that is built for the processor", "", within(short), probeOS},
		{"clock", rowTime, "the clock moves in steps below 1 ms", "", within(short), probeClock},
		{"rights", rowRights, "Administrators, Performance Log Users and Windows' service accounts may start an ETW session; others get error 5", startsSession, within(short), probeRights},
		{"providers", rowProviders, "the DNS Client's provider is registered, and the DNS Server's on a host with that role", "", within(short), probeProviders},
		{"keywords", rowKeywords, "the manifests of this Windows define every keyword bit of the events that the project knows", "", within(short), probeKeywords},
		{"field-lists", rowFields, "TDH describes every event as one of the embedded field lists does, and no event that they lack", "", within(time.Minute), probeFieldLists},
		{"session-properties", rowCalls, "Windows grants every mode, the buffer size and the flush interval, and at least the numbers of buffers that were asked for", startsSession, within(short), probeProperties},
		{"start-after-stop", rowStart, "a session starts at once after one of its name was stopped, and a stop takes less than 3 s", startsSession + ", five times", within(time.Minute), probeStartAfterStop},
		{"session-enabled", rowTampering, "EnumerateTraceGuidsEx shows this account what its own session has enabled", startsSession, within(short), probeEnabled},
		{"dns-client-events", rowRecords, "a query through the system's resolver gives events 3006 and 3008 of its name, with known fields, within the time of a flush", startsSession + "; asks the resolver for a name below .invalid", patient, probeClientEvents},
		{"dns-server-events", rowRecords, "a query to this host's DNS Server gives events 256 and 257 or 258 of its name, with known fields", startsSession + "; asks the DNS Server for a name below .invalid", patient, probeServerEvents},
		{"event-users", rowUsers, "the events of the test names have the SID of the account that wrote them", "", within(short), probeUsers},
		{"etl-file", rowRecord, "the events of the test names, written as an .etl file, are read back byte for byte", "with --with-data, writes the file winnet-verify.etl", within(short), probeETL},
		{"losses", rowLosses, "in a burst that the buffers cannot hold, delivered + EventsLost = written", startsSession + "; writes events of its own provider into it", within(time.Minute), probeLosses},
		{"restart", rowStopped, "a session that logman stops is noticed, and runs again within the time of a backoff", startsSession + "; stops it once with logman", patient, probeRestart},
		{"throughput", rowConsumer, "20,000 events a second are delivered without a loss", startsSession + "; writes events of its own provider into it", func(o *Options) time.Duration { return o.Throughput + time.Minute }, probeThroughput},
		{"service", rowService, "the service otelcol-winnet starts automatically and delayed", "", within(short), probeService},
		{"failure-actions", rowActions, "the service's first failure action is a restart", "", within(short), probeFailureActions},
		{"service-account", rowService, "the service's account may start ETW sessions, and is LocalSystem where Cilium runs", "", within(short), probeServiceAccount},
		{"event-log", rowEventLog, "the source otelcol-winnet of the event log Application is registered", "", within(short), probeEventLog},
		{"files", rowFiles, "only SYSTEM, Administrators and the service's account have access to its folder", "", within(short), probeFiles},
		{"ebpf", rowEBPF, "the installed eBPF for Windows exports what reading a ring buffer and a perf event array takes, and its driver runs", "", within(short), probeEBPF},
		{"ebpf-missing-pin", rowEBPF, "a pin that does not exist is reported as missing, and not as a lack of rights", "", within(short), probeMissingPin},
		{"ebpf-pins", rowMaps, "the pins of this host can be listed, and where Cilium runs its events map is among them", "", within(short), probeList},
		{"cilium-registry", rowMapsCome, "the registry's value CiliumOnWindows is a number, 1 where Cilium runs", "", within(short), probeGate},
		{"cilium-pins", rowMaps, "the pinned events map is a ring buffer or a perf event array of a possible size", "", within(short), probePins},
		{"cilium-config-map", rowConfigMap, "the configuration map is an array that the layout bitmask fits", "", within(short), probeConfigMap},
	}
}
