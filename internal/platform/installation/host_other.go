// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package installation

import "errors"

// newHost returns a host that refuses everything: there is no installer for it.
func newHost() host { return none{} }

type none struct{}

var errNotWindows = errors.New("it is part of the installation on Windows, and this is another system")

func (none) secure(string, string) (map[string]string, error) { return nil, errNotWindows }
func (none) restoreAccess(map[string]string) error            { return errNotWindows }
func (none) owned(string, string) error                       { return errNotWindows }
func (none) report(string)                                    {}
func (none) writeAutoLoggers([]source) error                  { return errNotWindows }
func (none) savedAutoLoggers() ([]source, error)              { return nil, errNotWindows }
func (none) running() (bool, error)                           { return false, errNotWindows }
func (none) stop() error                                      { return errNotWindows }
func (none) start() error                                     { return errNotWindows }
