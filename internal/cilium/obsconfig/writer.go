// SPDX-License-Identifier: Apache-2.0

// Keeping the settings in the map that is pinned now, which may appear late and be replaced.

package obsconfig

import (
	"errors"
	"fmt"
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// openMap is a map that is open, and which it is.
type openMap interface {
	Map
	Identity() (pinned.Identity, error)
	Close() error
}

// Writer keeps settings in the map that is pinned at one path. It is safe for use from any goroutine.
type Writer struct {
	path     string
	cfg      Config
	settings Settings
	open     func(path string) (openMap, error)

	mu      sync.Mutex // guards what follows
	closed  bool
	m       openMap // nil while the settings stand nowhere
	is      pinned.Identity
	applied *Applied
	failed  pinned.Identity // a map that they could not be written into
	reason  error           // why; nil where there is none
}

// NewWriter is a Writer that has not written anything yet. Its Keep does nothing when cfg.Apply is off.
func NewWriter(path string, cfg Config, s Settings) *Writer {
	return &Writer{path: path, cfg: cfg, settings: s, open: func(path string) (openMap, error) { return Open(path) }}
}

// Keep writes the settings into the map that is pinned now, when it has not done so with this map, and with again in any
// case. written says what it wrote, "" when it wrote nothing. Errors are those of Open and Apply; a map that has not taken
// the settings is not tried once more without again.
func (k *Writer) Keep(again bool) (written string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.cfg.Apply == ModeOff {
		return "", nil
	}
	m, err := k.open(k.path)
	if err != nil {
		return "", err
	}
	is, err := m.Identity()
	if err != nil {
		return "", errors.Join(fmt.Errorf("the observability configuration map pinned at %s: %w", k.path, err), m.Close())
	}
	switch {
	case k.m != nil && k.holds(m, is):
		if err := m.Close(); err != nil || !again {
			return "", err
		}
		if err := k.applied.Again(); err != nil {
			return "", err
		}
		return k.applied.String(), nil
	case k.reason != nil && k.failed == is && !again:
		return "", errors.Join(k.reason, m.Close())
	}
	applied, err := Apply(m, k.cfg.Layout, k.settings)
	if err != nil {
		k.failed, k.reason = is, err
		return "", errors.Join(err, m.Close())
	}
	// The programs that still read the map of before go on as they are, so nothing is restored in it.
	err = k.closeMap()
	k.m, k.is, k.applied, k.reason = m, is, applied, nil
	return applied.String(), err
}

// holds reports whether m is the map that the settings stand in. Where the kernel gives no numbers, maps that look alike are
// read both: another content is another map, and another map with the same content wants nothing written.
func (k *Writer) holds(m Map, is pinned.Identity) bool {
	switch k.is.Compare(is) {
	case pinned.Same:
		return true
	case pinned.Different:
		return false
	}
	return k.applied.equal(m)
}

// Close puts the previous values back where that is wanted, and closes the map. Keep does nothing after it.
func (k *Writer) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	var err error
	if k.m != nil && k.cfg.RestoreOnShutdown {
		err = k.applied.Restore()
	}
	return errors.Join(err, k.closeMap())
}

func (k *Writer) closeMap() error {
	if k.m == nil {
		return nil
	}
	m := k.m
	k.m, k.applied = nil, nil
	return m.Close()
}
