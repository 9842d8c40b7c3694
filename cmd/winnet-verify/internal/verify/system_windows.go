// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/host"
)

func (s *System) addPlatform() {
	s.Windows, s.Account, s.Service, s.Security, s.HasKey = thisWindows, thisAccount, service, security, hasKey
	s.MessageFile = messageFile
	s.SID, s.Tracer, s.EBPF, s.Logman, s.Secrets = sidOf, tracer, thisEBPF, logman, secrets
}

func thisWindows() (Windows, error) {
	v := windows.RtlGetVersion()
	const workstation = 1 // VER_NT_WORKSTATION
	return Windows{Version: host.OSVersion(), Build: v.BuildNumber, Server: v.ProductType != workstation, Machine: machine()}, nil
}

// machine returns the processor's architecture as Go names it; an emulated program has another one.
func machine() string {
	const imageFileMachineARM64, imageFileMachineAMD64 = 0xAA64, 0x8664
	var process, native uint16
	if windows.IsWow64Process2(windows.CurrentProcess(), &process, &native) == nil {
		switch native {
		case imageFileMachineARM64:
			return "arm64"
		case imageFileMachineAMD64:
			return "amd64"
		}
	}
	return runtime.GOARCH
}

func thisAccount() (Account, error) {
	token := windows.GetCurrentProcessToken()
	user, err := token.GetTokenUser()
	if err != nil {
		return Account{}, err
	}
	member := func(group string) bool {
		sid, err := windows.StringToSid(group)
		if err != nil {
			return false
		}
		ok, err := windows.Token(0).IsMember(sid)
		return err == nil && ok
	}
	return Account{
		Class: accountClass(user.User.Sid.String()), Elevated: token.IsElevated(), Administrator: member("S-1-5-32-544"),
		PerformanceLogUsers: member("S-1-5-32-559"), EventLogReaders: member("S-1-5-32-573"),
		SystemProfileEnabled: hasPrivilege(token, "SeSystemProfilePrivilege"),
	}, nil
}

// hasPrivilege reports whether a token has a privilege that is enabled.
func hasPrivilege(token windows.Token, name string) bool {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return false
	}
	var id windows.LUID
	if windows.LookupPrivilegeValue(nil, wide, &id) != nil {
		return false
	}
	var size uint32
	_ = windows.GetTokenInformation(token, windows.TokenPrivileges, nil, 0, &size)
	if size == 0 {
		return false
	}
	buffer := make([]uint64, size/8+1) // aligned
	if windows.GetTokenInformation(token, windows.TokenPrivileges, (*byte)(unsafe.Pointer(&buffer[0])), size, &size) != nil {
		return false
	}
	for _, p := range (*windows.Tokenprivileges)(unsafe.Pointer(&buffer[0])).AllPrivileges() {
		if p.Luid == id {
			return p.Attributes&windows.SE_PRIVILEGE_ENABLED != 0
		}
	}
	return false
}

const services = `SYSTEM\CurrentControlSet\Services\`

func hasKey(path string) bool {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	_ = key.Close()
	return true
}

func messageFile(path string) (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return "", err
	}
	defer func() { _ = key.Close() }()
	file, _, err := key.GetStringValue("EventMessageFile")
	if err != nil {
		return "", err
	}
	if file, err = registry.ExpandString(file); err != nil {
		return "", err
	}
	_, err = os.Stat(file)
	return file, err
}

func service(name string) (Service, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, services+name, registry.QUERY_VALUE)
	if err != nil {
		return Service{}, err
	}
	defer func() { _ = key.Close() }()
	var s Service
	if s.Account, _, err = key.GetStringValue("ObjectName"); err != nil {
		return Service{}, fmt.Errorf("ObjectName: %w", err)
	}
	if s.Start, _, err = key.GetIntegerValue("Start"); err != nil {
		return Service{}, fmt.Errorf("Start: %w", err)
	}
	delayed, _, err := key.GetIntegerValue("DelayedAutostart")
	s.Delayed = err == nil && delayed != 0
	if actions, _, err := key.GetBinaryValue("FailureActions"); err == nil {
		s.FailureActions = actions
	}
	return s, nil
}

func security(path string) (string, error) {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "", err
	}
	return sd.String(), nil
}

func logman(ctx context.Context, args ...string) (string, error) {
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(system, "logman.exe"), args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func thisEBPF() EBPF {
	e := EBPF{Driver: driverState("ebpfcore")}
	e.Ring, e.Perf = events.Readable()
	e.Version = moduleVersion("ebpfapi.dll")
	return e
}

// moduleVersion returns the version of a DLL that the process has loaded, as three numbers; "" if it has none.
func moduleVersion(name string) string {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return ""
	}
	var module windows.Handle
	if windows.GetModuleHandleEx(windows.GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, wide, &module) != nil {
		return ""
	}
	path := make([]uint16, windows.MAX_LONG_PATH)
	if n, err := windows.GetModuleFileName(module, &path[0], uint32(len(path))); err != nil || n == 0 {
		return ""
	}
	var unused windows.Handle
	size, err := windows.GetFileVersionInfoSize(windows.UTF16ToString(path), &unused)
	if err != nil || size == 0 {
		return ""
	}
	info := make([]byte, size)
	if windows.GetFileVersionInfo(windows.UTF16ToString(path), 0, size, unsafe.Pointer(&info[0])) != nil {
		return ""
	}
	var fixed *windows.VS_FIXEDFILEINFO
	length := uint32(unsafe.Sizeof(*fixed))
	if windows.VerQueryValue(unsafe.Pointer(&info[0]), `\`, unsafe.Pointer(&fixed), &length) != nil || fixed == nil {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", fixed.FileVersionMS>>16, fixed.FileVersionMS&0xFFFF, fixed.FileVersionLS>>16)
}

// driverState returns the state of a service: running, stopped, another state's number, or why it is not known.
func driverState(name string) string {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = windows.CloseServiceHandle(manager) }()
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err.Error()
	}
	handle, err := windows.OpenService(manager, wide, windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = windows.CloseServiceHandle(handle) }()
	var status windows.SERVICE_STATUS
	if err := windows.QueryServiceStatus(handle, &status); err != nil {
		return err.Error()
	}
	switch status.CurrentState {
	case windows.SERVICE_RUNNING:
		return "running"
	case windows.SERVICE_STOPPED:
		return "stopped"
	}
	return fmt.Sprintf("state %d", status.CurrentState)
}

// secrets are the names of the host, its domain and the user.
func secrets() Secrets {
	s := Secrets{}
	add := func(word, what string) {
		if word != "" {
			s[word] = what
		}
	}
	add(os.Getenv("COMPUTERNAME"), "host")
	add(os.Getenv("USERNAME"), "user")
	add(os.Getenv("USERDOMAIN"), "domain")
	add(os.Getenv("USERDNSDOMAIN"), "domain")
	full := host.Name()
	name, domain, _ := strings.Cut(full, ".")
	add(full, "host")
	add(name, "host")
	add(domain, "domain")
	add(os.Getenv("USERPROFILE"), "profile")
	for _, folder := range profiles() {
		add(folder, "profile")
		add(filepath.Base(folder), "user")
	}
	return s
}

// profiles are the folders of the users' profiles of this host, wherever they are.
func profiles() (folders []string) {
	const list = `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, list, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil
	}
	defer func() { _ = key.Close() }()
	users, err := key.ReadSubKeyNames(-1)
	if err != nil {
		return nil
	}
	for _, sid := range users {
		if wellKnown.MatchString(sid) {
			continue // the accounts of services have theirs below %SystemRoot%
		}
		user, err := registry.OpenKey(registry.LOCAL_MACHINE, list+`\`+sid, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		if folder, _, err := user.GetStringValue("ProfileImagePath"); err == nil {
			if full, err := registry.ExpandString(folder); err == nil {
				folders = append(folders, full)
			}
		}
		_ = user.Close()
	}
	return folders
}
