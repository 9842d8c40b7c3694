// SPDX-License-Identifier: Apache-2.0

// Package incident generates the recordings of half an hour with an intrusion: the ordinary traffic of a DNS server, a
// workstation and a Kubernetes node, the intruder's events, and near misses, which look similar and are harmless. It
// also exports the answers that queries on the records must give. Equal calls write equal files.
package incident

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/miekg/dns"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/sessions"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/win32"
)

// Files are the paths of the recordings.
type Files struct {
	Server string // DNS Server, an .etl file
	Client string // DNS Client, an .etl file
	Pods   string // Cilium, a .pcapng file
	Others []Other
}

// Other is the recording of a further workstation's DNS Client, whose address is not known.
type Other struct{ Name, Path string }

// The hosts.
const (
	Server    = "10.0.0.53"   // the DNS server, also the workstation's resolver
	Secondary = "10.0.0.54"   // the server that may transfer the zone
	Forwarder = "192.0.2.53"  // the server that Server asks
	Odd       = "203.0.113.8" // a resolver that no host should ask
	Stranger  = "10.1.9.66"   // the intruder's host
	Domain    = "contoso.com" // the server's zone
)

// The users of the audit events.
const (
	System   = win32.LocalSystem
	Admin    = "S-1-5-21-1004336348-1177238915-682003330-500"
	Intruder = "S-1-5-21-1004336348-1177238915-682003330-1133"
)

// Write writes the recordings to a folder.
func Write(dir string) (Files, error) {
	f := Files{
		Server: filepath.Join(dir, "server.etl"), Client: filepath.Join(dir, "client.etl"), Pods: filepath.Join(dir, "pods.pcapng"),
	}
	var server, client trace
	server.catalog, client.catalog = windns.ServerCatalog(), windns.ClientCatalog()
	server.dnsServer()
	client.dnsClient()
	if err := server.write(f.Server); err != nil {
		return f, err
	}
	if err := client.write(f.Client); err != nil {
		return f, err
	}
	return f, writePods(f.Pods)
}

// fields are an event's fields by their names in the manifest.
type fields = map[string]any

// trace collects one provider's events.
type trace struct {
	catalog *schema.Catalog
	events  []sessions.Event
	xid     uint16
	err     error // the first failure
}

// origin is the origin of an event: the process in its header, and the user, "" for none.
type origin struct {
	process uint32
	user    string
}

// add adds an event in a version.
func (t *trace) add(at time.Duration, o origin, id uint16, version uint8, f fields) {
	const pointerSize = 8
	layout := t.catalog.Candidates(id, version)[0]
	data, err := layout.Encode(nil, pointerSize, f)
	t.fail(err)
	t.raw(at, o, etw.Record{
		Provider: layout.Provider, ID: id, Version: version, Channel: layout.Channel, Level: layout.Level, Task: layout.Task,
		Keyword: layout.Keyword, UserData: data,
	})
}

func (t *trace) raw(at time.Duration, o origin, r etw.Record) {
	r.Flags, r.ProcessID, r.ThreadID = etw.Flag64BitHeader|0x200, o.process, 2000+o.process%7*4
	r.TimeStamp = etw.Filetime(sessions.Start().Add(at).UnixNano())
	var err error
	r.User, err = win32.SID(o.user)
	t.fail(err)
	raw, err := r.Append(nil)
	t.fail(err)
	t.events = append(t.events, sessions.Event{At: at, Raw: raw})
}

func (t *trace) fail(err error) { t.err = cmp.Or(t.err, err) }

func (t *trace) write(path string) error {
	if t.err != nil {
		return t.err
	}
	slices.SortStableFunc(t.events, func(a, b sessions.Event) int { return cmp.Compare(a.At, b.At) })
	return sessions.Session{BufferSize: 64 << 10}.Sequential(path, t.events)
}

// pack returns a message's bytes.
func (t *trace) pack(m *dns.Msg) []byte {
	b, err := m.Pack()
	t.fail(err)
	return b
}

// record parses a resource record in master file form.
func (t *trace) record(format string, a ...any) dns.RR {
	rr, err := dns.NewRR(fmt.Sprintf(format, a...))
	t.fail(err)
	return rr
}

// rdata returns a record's data as encoded in a message.
func (t *trace) rdata(rr dns.RR) []byte {
	b := make([]byte, 512)
	n, err := dns.PackRR(rr, b, 0, nil, false)
	t.fail(err)
	header := bytes.IndexByte(b, 0) + 1 + 10 // the name, and type, class, TTL and length
	return b[header:n]
}

// writeFile writes a whole file.
func writeFile(path string, b []byte) error { return os.WriteFile(path, b, 0o600) }
