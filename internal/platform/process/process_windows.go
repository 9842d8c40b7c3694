// SPDX-License-Identifier: Apache-2.0

package process

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// System opens the processes of this host.
func System() Opener { return system{} }

type system struct{}

// process is an open handle and what was read through it.
type process struct {
	handle  windows.Handle
	path    string
	started time.Time
}

var _ Process = (*process)(nil)

// Open opens a process with the least rights needed to read its program and its times, and to see its end.
//
//	HANDLE OpenProcess(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwProcessId);
//	BOOL QueryFullProcessImageNameW(HANDLE hProcess, DWORD dwFlags, LPWSTR lpExeName, PDWORD lpdwSize);
//	BOOL GetProcessTimes(HANDLE hProcess, LPFILETIME lpCreationTime, LPFILETIME lpExitTime, LPFILETIME lpKernelTime,
//	                     LPFILETIME lpUserTime);
func (system) Open(pid uint32) (Process, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, pid)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) { // its name may still be readable, but not its end
		h, err = windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	}
	if err != nil {
		return nil, err
	}
	p := &process{handle: h}
	if err := p.read(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *process) read() error {
	path := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(path))
	if err := windows.QueryFullProcessImageName(p.handle, 0, &path[0], &size); err != nil {
		return err
	}
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(p.handle, &created, &exited, &kernel, &user); err != nil {
		return err
	}
	p.path, p.started = windows.UTF16ToString(path[:size]), time.Unix(0, created.Nanoseconds())
	return nil
}

func (p *process) Path() string       { return p.path }
func (p *process) Started() time.Time { return p.started }

// Exited reports whether the process has ended, or may have: one that cannot be waited for is looked up again. When a process has ended
// its handle is signalled. The exit code does not show the end, since a process may end with 259, which is STILL_ACTIVE.
//
//	DWORD WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds);
func (p *process) Exited() bool {
	event, err := windows.WaitForSingleObject(p.handle, 0)
	return err != nil || event != uint32(windows.WAIT_TIMEOUT)
}

func (p *process) Close() { _ = windows.CloseHandle(p.handle) }
