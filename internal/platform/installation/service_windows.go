// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"fmt"
	"time"

	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// A service has patience to stop and to start: its own time for a stop is 20 s.
const (
	patience = time.Minute
	pause    = 200 * time.Millisecond
)

// restart implements host.
func (system) restart() error {
	return withService(func(s *mgr.Service) error {
		status, err := s.Query()
		if err != nil {
			return err
		}
		if status.State == svc.Stopped {
			return nil
		}
		if _, err := s.Control(svc.Stop); err != nil {
			return fmt.Errorf("stop: %w", err)
		}
		if err := await(s, svc.Stopped); err != nil {
			return err
		}
		if err := s.Start(); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		return await(s, svc.Running)
	})
}

// start implements host.
func (system) start() error {
	return withService(func(s *mgr.Service) error {
		if status, err := s.Query(); err != nil || status.State != svc.Stopped {
			return err
		}
		if err := s.Start(); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		return await(s, svc.Running)
	})
}

func withService(do func(*mgr.Service) error) error {
	m, err := mgr.Connect()
	if err != nil {
		return fmt.Errorf("the service manager: %w", err)
	}
	defer func() { _ = m.Disconnect() }()
	s, err := m.OpenService(serviceName)
	if err != nil {
		return fmt.Errorf("the service %s: %w", serviceName, err)
	}
	defer func() { _ = s.Close() }()
	if err := do(s); err != nil {
		return fmt.Errorf("the service %s: %w", serviceName, err)
	}
	return nil
}

// await waits until the service has a state. One that stops instead has failed.
func await(s *mgr.Service, want svc.State) error {
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		status, err := s.Query()
		switch {
		case err != nil:
			return err
		case status.State == want:
			return nil
		case status.State == svc.Stopped:
			return fmt.Errorf("it has stopped with the code %d; its own event in the log Application says why", status.Win32ExitCode)
		case time.Now().After(end):
			return fmt.Errorf("its state is %d after %v; want %d", status.State, patience, want)
		}
	}
}
