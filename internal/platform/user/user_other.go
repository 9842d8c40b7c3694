// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package user

import (
	"errors"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// System is the Resolver of a host without SIDs.
func System() Resolver { return system{} }

type system struct{}

func (system) Account(etw.SID) (domain, name string, err error) {
	return "", "", errors.ErrUnsupported
}
