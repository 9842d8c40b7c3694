// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/hnsstate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/canary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/clock"
)

// System is what the probes ask of the host, beside ETW, TDH and eBPF for Windows, which they use as the collector does. ThisSystem is
// this host. An error that is os.ErrNotExist means that the host lacks it.
type System struct {
	Windows  func() (Windows, error)
	Account  func() (Account, error)
	Service  func(name string) (Service, error)
	Tracer   func(account string) (bool, error)         // whether it is itself in Performance Log Users or Administrators
	Security func(path string) (sddl string, err error) // of a file or folder
	SID      func(account string) (string, error)       // of an account, as ObjectName has it
	HasKey   func(path string) bool                     // below HKEY_LOCAL_MACHINE
	// MessageFile returns the EventMessageFile of a source's key below HKEY_LOCAL_MACHINE, expanded. The file exists.
	MessageFile func(key string) (string, error)
	Registry    hnsstate.Reader
	EBPF        func() EBPF
	Logman      func(ctx context.Context, args ...string) (output string, err error)
	AskClient   func(ctx context.Context, name string) error // a query through the system's resolver
	AskServer   func(ctx context.Context, name string) error // a query to the DNS Server of this host
	Now         func() int64                                 // ns since 1970
	Label       func() string                                // a new one for each test name
	Secrets     func() Secrets
}

// Account is the account that the program runs as.
type Account struct {
	Class                string // LocalSystem, LocalService, NetworkService, virtual service account, or user
	Elevated             bool
	Administrator        bool // with the rights of the group: not so in a process that is not elevated
	PerformanceLogUsers  bool
	EventLogReaders      bool
	SystemProfileEnabled bool // the process has the privilege SeSystemProfilePrivilege
}

// mayTrace reports whether Microsoft documents that the account may start a session (StartTrace, "Remarks").
func (a Account) mayTrace() bool {
	return a.Administrator || a.PerformanceLogUsers || a.Class == "LocalSystem" || a.Class == "LocalService" || a.Class == "NetworkService"
}

// Service is how the registry describes a service.
type Service struct {
	Account        string // as ObjectName has it
	Start          uint64 // 2 is automatic
	Delayed        bool
	FailureActions []byte // SERVICE_FAILURE_ACTIONS with pointers of 32 bits
}

// EBPF describes the installation of eBPF for Windows.
type EBPF struct {
	Version    string // of ebpfapi.dll, three numbers; "" is unknown
	Driver     string // the state of the service ebpfcore
	Ring, Perf error  // why an events map of the type cannot be read; see events.Readable
}

// ThisSystem returns the host.
func ThisSystem() System {
	s := System{
		Registry:  hnsstate.Registry,
		AskClient: canary.Asker(dns.Client()),
		AskServer: canary.Asker(dns.Server()),
		Now:       clock.Now,
		Label: func() string {
			var random [8]byte
			_, _ = rand.Read(random[:]) // it never fails
			return "winnet-verify-" + hex.EncodeToString(random[:])
		},
	}
	s.addPlatform()
	return s
}
