// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// A service has patience to stop and to start: its own time for a stop is 20 s.
const (
	patience = time.Minute
	pause    = 200 * time.Millisecond
)

// running implements host.
func (system) running() (runs bool, _ error) {
	err := withService(func(s *mgr.Service) error {
		state, err := settled(s.Query)
		runs = err == nil && state != svc.Stopped
		return err
	})
	return runs, err
}

// stop implements host.
func (system) stop() error {
	return withService(func(s *mgr.Service) error {
		if state, err := settled(s.Query); err != nil || state == svc.Stopped {
			return err
		}
		if _, err := s.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) { // it may have failed since
			return fmt.Errorf("stop: %w", err)
		}
		return await(s, svc.Stopped)
	})
}

// start implements host.
func (system) start() error {
	return withService(func(s *mgr.Service) error {
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

// settled waits while the service is about to start or to stop, because it accepts no control then (ControlService), and returns its state.
func settled(query func() (svc.Status, error)) (svc.State, error) {
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		status, err := query()
		switch {
		case err != nil:
			return 0, err
		case status.State != svc.StartPending && status.State != svc.StopPending:
			return status.State, nil
		case time.Now().After(end):
			return 0, fmt.Errorf("its state is still %d after %v; want one that is not pending", status.State, patience)
		}
	}
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
