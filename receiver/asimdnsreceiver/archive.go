// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// archiver appends the full record of each event of one provider to the archive. Its methods do nothing if it is nil.
type archiver struct {
	mapper  *dnslog.Mapper
	records plog.LogRecordSlice // of the batch being filled
	audits  plog.LogRecordSlice // of the same batch, for records of audit events
}

// newArchiver returns an archiver whose records are like those of a receiver that merges nothing. It returns nil if no archive is configured.
func (c *Config) newArchiver(p *dns.Provider, device dnslog.Device, version string, pseudonyms *pseudonym.Pseudonymizer) *archiver {
	if !c.Archive {
		return nil
	}
	m := dnslog.NewMapper(p, c.Profile, device, version)
	m.KeepPackets(c.archivedPackets())
	m.Omit(c.OmitAttributes)
	m.Spell(c.Names)
	m.DetailAnswers(c.Answers.Detail)
	m.Pseudonymize(pseudonyms)
	return &archiver{mapper: m}
}

// begin adds the archive's resource to a batch.
func (a *archiver) begin(logs plog.Logs) {
	if a == nil {
		return
	}
	a.records = a.mapper.Begin(logs)
	pipeline.MarkArchive(logs.ResourceLogs().At(logs.ResourceLogs().Len() - 1).Resource())
	a.audits = a.mapper.BeginAudit(logs, a.records)
}

func (a *archiver) setDevice(d dnslog.Device) {
	if a != nil {
		a.mapper.SetDevice(d)
	}
}

func (a *archiver) setNames(processes dnslog.ProcessNamer, users dnslog.UserNamer) {
	if a != nil {
		a.mapper.SetProcesses(processes)
		a.mapper.SetUsers(users)
	}
}

// add appends the record of an event.
func (a *archiver) add(e *dns.Event, received int64, id uid.ID) {
	records := a.records
	if a.mapper.IsAuditEvent(e) {
		records = a.audits
	}
	a.mapper.AppendMerged(records, e, received, dnslog.Merged{ID: id})
}
