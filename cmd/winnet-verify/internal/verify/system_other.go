// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package verify

import (
	"context"
	"errors"
	"runtime"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// addPlatform answers every question with errors.ErrUnsupported.
func (s *System) addPlatform() {
	s.Windows = func() (Windows, error) { return Windows{Machine: runtime.GOARCH}, errors.ErrUnsupported }
	s.Account = func() (Account, error) { return Account{}, errors.ErrUnsupported }
	s.Service = func(string) (Service, error) { return Service{}, errors.ErrUnsupported }
	s.Tracer = func(string) (bool, error) { return false, errors.ErrUnsupported }
	s.Security = func(string) (string, error) { return "", errors.ErrUnsupported }
	s.MessageFile = func(string) (string, error) { return "", errors.ErrUnsupported }
	s.HasKey = func(string) bool { return false }
	s.EBPF = func() EBPF {
		ring, perf := events.Readable()
		return EBPF{Ring: ring, Perf: perf}
	}
	s.Logman = func(context.Context, ...string) (string, error) { return "", errors.ErrUnsupported }
	s.Secrets = func() Secrets { return nil }
}
