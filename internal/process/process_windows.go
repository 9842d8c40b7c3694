// SPDX-License-Identifier: Apache-2.0

package process

import (
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

// Open opens a process with the least right that tells its program and times.
//
//	HANDLE OpenProcess(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwProcessId);
//	BOOL QueryFullProcessImageNameW(HANDLE hProcess, DWORD dwFlags, LPWSTR lpExeName, PDWORD lpdwSize);
//	BOOL GetProcessTimes(HANDLE hProcess, LPFILETIME lpCreationTime, LPFILETIME lpExitTime, LPFILETIME lpKernelTime,
//	                     LPFILETIME lpUserTime);
func (system) Open(pid uint32) (Process, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
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

// Exited tells whether the process has ended.
//
//	BOOL GetExitCodeProcess(HANDLE hProcess, LPDWORD lpExitCode);
func (p *process) Exited() bool {
	const stillActive = 259 // STILL_ACTIVE
	var code uint32
	err := windows.GetExitCodeProcess(p.handle, &code)
	return err != nil || code != stillActive
}

func (p *process) Close() { _ = windows.CloseHandle(p.handle) }
