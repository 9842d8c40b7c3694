// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// serviceName is the name of the installed service, of its source of events, and of its folder below %ProgramData%.
const serviceName = "otelcol-winnet"

// accessDenied is ERROR_ACCESS_DENIED.
const accessDenied = syscall.Errno(5)

func probeOS(_ context.Context, e *env) outcome {
	const windows1607 = 14393
	w, err := e.System.Windows()
	if err != nil {
		return failed("the version of Windows is not known: %v", err)
	}
	evidence := map[string]any{"build": w.Build, "server": w.Server, "machine": w.Machine, "version": w.Version}
	return outcome{verdict: verdict(w.Build >= windows1607 && w.Machine == runtime.GOARCH), found: w.String() + ", a program for " + runtime.GOARCH, evidence: evidence}
}

func probeClock(_ context.Context, e *env) outcome {
	const looks = 200
	finest, total, last := time.Hour, time.Duration(0), e.System.Now()
	for range looks {
		now := e.System.Now()
		for spins := 0; now == last && spins < 1e8; spins++ {
			now = e.System.Now()
		}
		if step := time.Duration(now - last); step > 0 {
			finest, total = min(finest, step), total+step
		}
		last = now
	}
	return outcome{verdict: verdict(finest < time.Millisecond), found: fmt.Sprintf("the finest step is %v", finest),
		evidence: map[string]any{"finest_ns": finest.Nanoseconds(), "mean_ns": (total / looks).Nanoseconds()}}
}

func probeRights(_ context.Context, e *env) outcome {
	account, err := e.System.Account()
	if err != nil {
		return failed("the account is not known: %v", err)
	}
	evidence := map[string]any{
		"account": account.Class, "elevated": account.Elevated, "administrator": account.Administrator, "performance_log_users": account.PerformanceLogUsers,
		"event_log_readers": account.EventLogReaders, "se_system_profile": account.SystemProfileEnabled, "documented_as_allowed": account.mayTrace(),
	}
	_, err = e.open(clientSession("rights"), func(_, _ []byte) {})
	switch denied := errors.Is(err, accessDenied); {
	case err == nil:
		evidence["start_trace"] = "started"
		return outcome{verdict: verdict(account.mayTrace()), found: "this account may start a session", evidence: evidence}
	case denied:
		evidence["start_trace"] = "denied"
		return outcome{verdict: verdict(!account.mayTrace()), found: "this account may not start a session: " + err.Error(), evidence: evidence, denied: true}
	default:
		evidence["start_trace"] = err.Error()
		return outcome{verdict: Fail, found: err.Error(), evidence: evidence}
	}
}

// withoutSession is the outcome of a probe that cannot start its session.
func (e *env) withoutSession(err error) outcome {
	if e.denied && errors.Is(err, accessDenied) {
		return notApplicable("this account may not start ETW sessions; run winnet-verify as an administrator")
	}
	return failed("%v", err)
}

// needsAdministrator is the outcome of a probe that this account may not do; ok is false for every other error, and for an administrator, who
// may do it.
func (e *env) needsAdministrator(err error) (out outcome, ok bool) {
	if !errors.Is(err, os.ErrPermission) {
		return out, false
	}
	if account, err := e.System.Account(); err != nil || account.Administrator || account.Class == "LocalSystem" {
		return out, false
	}
	out = notApplicable("access is denied to this account; run winnet-verify as an administrator")
	out.evidence = map[string]any{"error": err.Error()}
	return out, true
}

// installed returns the service; ok is false with an outcome for a host that has none.
func (e *env) installed() (s Service, out outcome, ok bool) {
	s, err := e.System.Service(serviceName)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s, notApplicable("the service %s is not installed", serviceName), false
	case err != nil:
		if out, ok := e.needsAdministrator(err); ok {
			return s, out, false
		}
		return s, failed("the service %s cannot be read: %v", serviceName, err), false
	}
	return s, out, true
}

func probeService(_ context.Context, e *env) outcome {
	s, out, ok := e.installed()
	if !ok {
		return out
	}
	const automatic = 2 // SERVICE_AUTO_START
	return outcome{verdict: verdict(s.Start == automatic && s.Delayed), found: fmt.Sprintf("start type %d, delayed %t", s.Start, s.Delayed),
		evidence: map[string]any{"start": s.Start, "delayed": s.Delayed}}
}

func probeFailureActions(_ context.Context, e *env) outcome {
	s, out, ok := e.installed()
	if !ok {
		return out
	}
	actions, err := failureActions(s.FailureActions)
	if err != nil {
		return failed("%v", err)
	}
	return outcome{verdict: verdict(len(actions) > 0 && actions[0].kind == actionRestart), found: fmt.Sprintf("the actions are %v", actions),
		evidence: map[string]any{"actions": fmt.Sprint(actions)}}
}

// actionRestart is SC_ACTION_RESTART.
const actionRestart = 1

type action struct {
	kind  uint32
	delay time.Duration
}

func (a action) String() string {
	name := fmt.Sprintf("action %d", a.kind)
	if a.kind == actionRestart {
		name = "restart"
	}
	return fmt.Sprintf("%s after %v", name, a.delay)
}

// failureActions reads a registry's SERVICE_FAILURE_ACTIONS: the reset period, the addresses of two texts, the number of actions and an
// address, 4 bytes each, then SC_ACTION: the type and the delay in milliseconds, 4 bytes each.
func failureActions(b []byte) (actions []action, err error) {
	const header, size, offCount = 20, 8, 12
	le := binary.LittleEndian
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) < header {
		return nil, fmt.Errorf("FailureActions has %d bytes; want at least %d", len(b), header)
	}
	count := le.Uint32(b[offCount:])
	for b = b[header:]; count > 0 && len(b) >= size; count-- {
		actions = append(actions, action{le.Uint32(b), time.Duration(le.Uint32(b[4:])) * time.Millisecond})
		b = b[size:]
	}
	return actions, nil
}

// isLocalSystem reports whether an ObjectName is LocalSystem's. A service without an account runs as LocalSystem (CreateService).
func isLocalSystem(account string) bool {
	return account == "" || strings.EqualFold(account, "LocalSystem") || strings.EqualFold(account, `.\LocalSystem`)
}

func probeServiceAccount(_ context.Context, e *env) outcome {
	s, out, ok := e.installed()
	if !ok {
		return out
	}
	class := "a user's account"
	switch account := strings.ToLower(s.Account); {
	case isLocalSystem(account):
		class = "LocalSystem"
	case account == `nt authority\localservice` || account == `nt authority\networkservice`:
		class = account
	case strings.HasPrefix(account, `nt service\`):
		class = "a virtual account"
	}
	evidence := map[string]any{"account": class}
	if class == "LocalSystem" {
		return outcome{verdict: Pass, found: class, evidence: evidence}
	}
	found := class
	if class == "a user's account" || class == "a virtual account" {
		member, err := e.System.Tracer(s.Account)
		switch {
		case err != nil:
			evidence["error"] = err.Error()
			return outcome{verdict: Unknown, found: class + "; the groups of this host cannot be read: " + err.Error(), evidence: evidence}
		case !member && class == "a user's account": // it can be a member through another group
			return outcome{verdict: Unknown, found: class + ", which is not itself in Performance Log Users or Administrators", evidence: evidence}
		case !member:
			return outcome{verdict: Fail, found: class + ", which is not in Performance Log Users or Administrators", evidence: evidence}
		}
		found = class + " in Performance Log Users or Administrators"
	}
	if n, _ := e.gate(); n == 1 && e.System.EBPF().Ring == nil {
		return outcome{verdict: Fail, found: found + "; Cilium runs here, and only LocalSystem and administrators read its maps", evidence: evidence}
	}
	return outcome{verdict: Pass, found: found, evidence: evidence}
}

func probeEventLog(_ context.Context, e *env) outcome {
	if _, out, ok := e.installed(); !ok {
		return out
	}
	const key = `SYSTEM\CurrentControlSet\Services\EventLog\Application\` + serviceName
	if !e.System.HasKey(key) {
		return failed("there is no key HKEY_LOCAL_MACHINE\\%s", key)
	}
	file, err := e.System.MessageFile(key)
	if err != nil {
		return failed("the source's EventMessageFile: %v", err)
	}
	return outcome{verdict: Pass, found: "the source is registered, with the texts of " + filepath.Base(strings.ReplaceAll(file, `\`, "/")), evidence: map[string]any{"event_message_file": file}}
}

// trusted are the names in SDDL of the accounts that may have access beside the service's: SYSTEM and Administrators.
var trusted = []string{"SY", "BA", "S-1-5-18", "S-1-5-32-544"}

// sddlNames are the names in SDDL of the other accounts that a service may have.
var sddlNames = map[string]string{"S-1-5-19": "LS", "S-1-5-20": "NS"}

var (
	accessEntry     = regexp.MustCompile(`\(([^)]*)\)`)
	protectedAccess = regexp.MustCompile(`D:[A-Z]*P`)
)

// access returns the entries of a descriptor in SDDL that give access to anyone but the accounts, as a report shows them.
func access(sddl string, accounts []string) (others []string) {
	for _, ace := range accessEntry.FindAllStringSubmatch(sddl, -1) {
		parts := strings.Split(ace[1], ";")
		if len(parts) < 6 || !slices.Contains(accounts, parts[5]) {
			others = append(others, parts[len(parts)-1])
		}
	}
	return others
}

func probeFiles(_ context.Context, e *env) outcome {
	s, out, ok := e.installed()
	if !ok {
		return out
	}
	accounts := slices.Clone(trusted)
	if !isLocalSystem(s.Account) {
		sid, err := e.System.SID(s.Account)
		if err != nil {
			return outcome{verdict: Unknown, found: "the service's account is not known: " + err.Error(), evidence: map[string]any{"error": err.Error()}}
		}
		accounts = append(accounts, sid)
		if name, ok := sddlNames[sid]; ok {
			accounts = append(accounts, name)
		}
	}
	folder := filepath.Join(os.Getenv("ProgramData"), serviceName)
	found, evidence, good := []string{}, map[string]any{}, true
	for _, file := range []struct{ name, key, path string }{{"the folder", "sddl", folder}, {"environment", "environment_sddl", filepath.Join(folder, "environment")}} {
		sddl, err := e.System.Security(file.path)
		if errors.Is(err, os.ErrNotExist) {
			if file.path == folder {
				return notApplicable("%%ProgramData%%\\%s does not exist", serviceName)
			}
			continue // the settings are elsewhere
		}
		if out, ok := e.needsAdministrator(err); ok {
			return out
		}
		if err != nil {
			return failed("the security of %s cannot be read: %v", file.name, err)
		}
		others := access(sddl, accounts)
		text := fmt.Sprintf("%s: access for others: %v", file.name, others)
		if file.path == folder { // a file in it may have what it inherits
			protected := protectedAccess.MatchString(sddl)
			text = fmt.Sprintf("%s: protected %t, access for others: %v", file.name, protected, others)
			good = protected
		}
		good = good && len(others) == 0
		found, evidence[file.key] = append(found, text), sddl
	}
	return outcome{verdict: verdict(good), found: strings.Join(found, "; "), evidence: evidence}
}

// accountClass is the class of an account by its SID, without what identifies a user.
func accountClass(sid string) string {
	switch sid {
	case "":
		return "none"
	case "S-1-5-18":
		return "LocalSystem"
	case "S-1-5-19":
		return "LocalService"
	case "S-1-5-20":
		return "NetworkService"
	}
	if strings.HasPrefix(sid, "S-1-5-80-") {
		return "virtual service account"
	}
	return "user"
}
