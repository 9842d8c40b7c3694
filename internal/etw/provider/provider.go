// SPDX-License-Identifier: Apache-2.0

// Package provider writes ETW events of a provider of the program's own. In come an event's description and user data; out comes the event to
// every session that has enabled the provider. With it a session can be tried out with events of known number, and nothing else of the
// host is touched: no manifest is registered.
package provider

import (
	"errors"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// ErrUnsupported is returned by Register on systems without ETW.
var ErrUnsupported = errors.New("writing ETW events needs Windows")

// Event describes an event to write.
type Event struct {
	ID      uint16
	Version uint8
	Channel uint8
	Level   uint8
	Opcode  uint8
	Task    uint16
	Keyword uint64
	Data    []byte // the user data; may be empty
}

// Writer is a registered provider.
type Writer interface {
	// Write writes one event. A session that has no room for it counts it as lost; Write then returns the error of Windows.
	Write(Event) error
	// Close removes the registration.
	Close() error
}

// Register registers a provider for this process. The caller closes it.
func Register(guid etw.GUID) (Writer, error) { return register(guid) }
