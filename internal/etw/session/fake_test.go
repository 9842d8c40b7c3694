// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var testProvider = etw.MustGUID("{EB79061A-A566-4698-9119-3ED2807060E7}")

func testConfig() Config {
	return Config{
		Name:         "ASIMDNSServerTrace",
		Providers:    []Provider{{GUID: testProvider, Name: "Microsoft-Windows-DNSServer", Origin: "install the role", Level: 4, Keywords: 0x3F}},
		BufferSizeKB: 256, MinimumBuffers: 64, MaximumBuffers: 256, FlushInterval: time.Second,
	}
}

// fakeAPI stands in for the Windows API. It has sessions and locks by name (case is ignored), records the calls, and can make calls fail.
type fakeAPI struct {
	mu        sync.Mutex
	calls     []string
	fail      map[string]error       // by method
	sessions  map[string]*fakeTracer // by lower-case name
	locks     map[string]bool        // held, here or elsewhere
	strangers map[string]string      // locks that an untrusted account holds, with the account
	lingers   int                    // how often startTrace answers that a session exists although it was stopped
	granted   uint32                 // bits of LogFileMode that startTrace accepts
	unknown   []etw.GUID             // providers that are not registered
	enabled   []etw.GUID             // by enableProvider
	asked     []uint32               // its properties
	stuck     chan struct{}          // when set, process returns only after it is closed
	onEnable  func() error           // called before a provider is enabled

	inForce map[etw.GUID]enabling // by enableProvider, and as tests change it
}

type fakeTracer struct {
	name       string
	properties properties
	providers  []etw.GUID
	stopped    chan struct{}
}

func newFakeAPI() *fakeAPI {
	return &fakeAPI{inForce: map[etw.GUID]enabling{}, fail: map[string]error{}, sessions: map[string]*fakeTracer{}, locks: map[string]bool{}, granted: 0xFFFFFFFF}
}

func (f *fakeAPI) call(name string) error {
	f.calls = append(f.calls, name)
	return f.fail[name]
}

func (f *fakeAPI) record() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

// add adds a session that another program started.
func (f *fakeAPI) add(name string, logFileMode uint32) *fakeTracer {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &fakeTracer{name: name, stopped: make(chan struct{})}
	t.properties.logFileMode = logFileMode
	f.sessions[strings.ToLower(name)] = t
	return t
}

func (f *fakeAPI) session(name string) *fakeTracer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sessions[strings.ToLower(name)]
}

// stopFromOutside stops a session as `logman stop` does.
func (f *fakeAPI) stopFromOutside(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.sessions[strings.ToLower(name)].stopped)
	delete(f.sessions, strings.ToLower(name))
}

func (f *fakeAPI) startTrace(name string, p *properties) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("startTrace"); err != nil {
		return 0, err
	}
	if f.sessions[strings.ToLower(name)] != nil {
		return 0, errnoAlreadyExists
	}
	if f.lingers > 0 {
		f.lingers--
		return 0, errnoAlreadyExists
	}
	t := &fakeTracer{name: name, properties: *p, stopped: make(chan struct{})}
	t.properties.logFileMode &= f.granted
	t.properties.historicalContext = fakeSession
	t.properties.numberOfBuffers = p.minimumBuffers
	t.properties.freeBuffers = p.minimumBuffers
	f.sessions[strings.ToLower(name)] = t
	return 0x100, nil
}

func (f *fakeAPI) controlTrace(name string, p *properties, code uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	method := map[uint32]string{controlQuery: "query", controlStop: "stop"}[code]
	if err := f.call(method); err != nil {
		return err
	}
	t := f.sessions[strings.ToLower(name)]
	if t == nil {
		return errnoInstanceNotFound
	}
	*p = t.properties
	copy(p.loggerName[:], utf16.Encode([]rune(t.name)))
	if code == controlStop {
		delete(f.sessions, strings.ToLower(name))
		close(t.stopped)
	}
	return nil
}

// fakeSession is the id of the sessions that startTrace starts.
const fakeSession = 7

func (f *fakeAPI) enableProvider(_ uint64, provider etw.GUID, level uint8, keywords uint64, property uint32) error {
	if f.onEnable != nil {
		if err := f.onEnable(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inForce[provider] = enabling{level: level, any: keywords}
	f.enabled, f.asked = append(f.enabled, provider), append(f.asked, property)
	return f.call("enableProvider")
}

func (f *fakeAPI) openTrace(name string, id uintptr) (trace, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("openTrace"); err != nil {
		return nil, err
	}
	t := f.sessions[strings.ToLower(name)]
	if t == nil {
		return nil, errnoInstanceNotFound
	}
	return &fakeTrace{api: f, tracer: t, id: id, closed: make(chan struct{})}, nil
}

func (f *fakeAPI) providerRegistered(provider etw.GUID) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !slices.Contains(f.unknown, provider), f.call("providerRegistered")
}

func (f *fakeAPI) enabledProviders(session uint16) ([]etw.GUID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("enabledProviders"); err != nil {
		return nil, err
	}
	for _, t := range f.sessions {
		if uint16(t.properties.historicalContext) == session {
			return t.providers, nil
		}
	}
	return nil, nil
}

func (f *fakeAPI) providerInfo(provider etw.GUID) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("providerInfo"); err != nil {
		return nil, err
	}
	e, ok := f.inForce[provider]
	if !ok {
		return nil, nil
	}
	info := guidInfo([]uint16{fakeSession})
	enable := info[guidInfoSize+instanceInfoSize:]
	enable[offEnabledLevel] = e.level
	binary.LittleEndian.PutUint64(enable[offMatchAny:], e.any)
	binary.LittleEndian.PutUint64(enable[offMatchAll:], e.all)
	return info, nil
}

// change changes what a session of the collector is like, as another program does.
func (f *fakeAPI) change(do func(p *properties, inForce map[etw.GUID]enabling)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.sessions {
		do(&t.properties, f.inForce)
	}
}

func (f *fakeAPI) lockName(name string) (func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("lockName"); err != nil {
		return nil, err
	}
	if owner, ok := f.strangers[name]; ok {
		return nil, &untrustedLock{name: name, owner: owner}
	}
	if f.locks[name] {
		return nil, heldError(name)
	}
	f.locks[name] = true
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.locks, name)
	}, nil
}

// fakeTrace delivers one event and then waits for its end.
type fakeTrace struct {
	api    *fakeAPI
	tracer *fakeTracer
	id     uintptr
	closed chan struct{}
}

func (t *fakeTrace) process() error {
	consumers.dispatch(newRecord(t.id, testProvider, 0, []byte("user data")))
	select {
	case <-t.tracer.stopped:
	case <-t.closed:
	}
	if t.api.stuck != nil {
		<-t.api.stuck
	}
	t.api.mu.Lock()
	defer t.api.mu.Unlock()
	return t.api.call("processTrace")
}

func (t *fakeTrace) close() error {
	close(t.closed) // a second call panics, because it must not happen
	t.api.mu.Lock()
	defer t.api.mu.Unlock()
	return t.api.call("closeTrace")
}

// newRecord returns a record as ProcessTrace passes it: the header is not in wire form, and the user data is elsewhere.
func newRecord(id uintptr, provider etw.GUID, opcode byte, userData []byte) *eventRecord {
	in := etw.Record{
		Flags: etw.Flag64BitHeader | etw.FlagExtendedInfo, Property: 1, ThreadID: 7, ProcessID: 4242,
		TimeStamp: 133_000_000_000_000_000, Provider: provider, ID: 256, Channel: 16, Level: 4, Opcode: opcode, Task: 1,
		Keyword: 0x8000000000000001, ActivityID: testProvider,
	}
	r := &eventRecord{userDataLength: uint16(len(userData)), userContext: id}
	copy(r.header[:], in.AppendHeader(nil, 0))
	r.header[offSize], r.header[offHeaderType], r.header[offMarkerFlags] = 0xAA, 0xBB, 0xCC
	r.header[offFlags] |= etw.FlagExtendedInfo
	copy(r.header[offProcessorTime:offActivityID], "\x01\x02\x03\x04\x05\x06\x07\x08")
	if len(userData) > 0 {
		r.userData = &userData[0]
	}
	return r
}

// withItems adds extended data items to a record.
func (r *eventRecord) withItems(items ...extendedItem) *eventRecord {
	r.extendedDataCount = uint16(len(items))
	if len(items) > 0 {
		r.extendedData = &items[0]
	}
	return r
}

// itemOf returns an extended data item.
func itemOf(extType uint16, data []byte) extendedItem {
	item := extendedItem{extType: extType, dataSize: uint16(len(data))}
	if len(data) > 0 {
		item.data = &data[0]
	}
	return item
}

func observed() (*zap.Logger, *observer.ObservedLogs) {
	core, logs := observer.New(zap.DebugLevel)
	return zap.New(core), logs
}

func ignore(_, _ []byte) {}

// requireNothingHeld fails if a failed Open, or a Close, left a session, a lock or a trace behind.
func requireNothingHeld(t *testing.T, f *fakeAPI) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Empty(t, f.sessions, "sessions that run")
	require.Empty(t, f.locks, "names that are locked")
	require.Zero(t, namesInUse.Len(), "names that this process holds")
	for i := range consumers {
		require.Nil(t, consumers[i].Load(), "consumer %d", i)
	}
}

func closeSession(t *testing.T, s *Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, s.Close(ctx))
}

var errFake = syscall.Errno(1234)
