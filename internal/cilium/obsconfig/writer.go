// SPDX-License-Identifier: Apache-2.0

// Keeping the settings in the pinned map, which may appear late and may be replaced.

package obsconfig

import (
	"errors"
	"fmt"
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// openMap is an open map with its identity.
type openMap interface {
	Map
	Identity() (pinned.Identity, error)
	Close() error
}

// Writer keeps settings in the map that is pinned at a path. It is safe for use from any goroutine.
type Writer struct {
	path     string
	cfg      Config
	settings Settings
	open     func(path string) (openMap, error)

	mu      sync.Mutex // guards what follows
	closed  bool
	m       openMap // the map with the settings; nil if there is none
	is      pinned.Identity
	applied *Applied
	maps    int             // how many maps have taken the settings
	failed  pinned.Identity // a map that could not be written
	reason  error           // why it could not; nil without such a map
}

// NewWriter makes a Writer. Only Apply writes, and only if cfg.Apply is not off.
func NewWriter(path string, cfg Config, s Settings) *Writer {
	return &Writer{path: path, cfg: cfg, settings: s, open: func(path string) (openMap, error) { return Open(path) }}
}

// Apply writes the settings into the map that is pinned now, unless it has written this map before. With again it writes in any case.
// written describes the written values; it is empty if nothing was written. Errors are those of Open and Apply. A map that has not taken
// the settings is tried once more only with again.
func (w *Writer) Apply(again bool) (written string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.cfg.Apply == ModeOff {
		return "", nil
	}
	m, err := w.open(w.path)
	if err != nil {
		return "", err
	}
	is, err := m.Identity()
	if err != nil {
		return "", errors.Join(fmt.Errorf("the observability configuration map pinned at %s: %w", w.path, err), m.Close())
	}
	switch {
	case w.m != nil && w.holds(m, is):
		if err := m.Close(); err != nil || !again {
			return "", err
		}
		if err := w.applied.Again(); err != nil {
			return "", err
		}
		return w.applied.String(), nil
	case w.reason != nil && w.failed == is && !again:
		return "", errors.Join(w.reason, m.Close())
	}
	applied, err := Apply(m, w.cfg.Layout, w.settings)
	if err != nil {
		w.failed, w.reason = is, err
		return "", errors.Join(err, m.Close())
	}
	// Programs that still read the previous map keep their settings: nothing is restored in it.
	err = w.closeMap()
	w.m, w.is, w.applied, w.reason = m, is, applied, nil
	w.maps++
	return applied.String(), err
}

// Changes lists the values that something else has written over those of the map with the settings: "index 0 has 0x2 where this receiver wrote
// 0x32". It is empty if there are none, and if no map has the settings.
func (w *Writer) Changes() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		return "", nil
	}
	return w.applied.changes()
}

// Maps returns how many maps have taken the settings, one after the other.
func (w *Writer) Maps() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.maps
}

// holds reports whether m is the map with the settings. If the kernel gives no ids for maps, the contents of similar maps are compared: with
// different contents they are different maps, and a different map with the same contents needs no writing.
func (w *Writer) holds(m Map, is pinned.Identity) bool {
	switch w.is.Compare(is) {
	case pinned.Same:
		return true
	case pinned.Different:
		return false
	}
	return w.applied.equal(m)
}

// Close restores the previous values if configured, and closes the map. Apply does nothing after it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	var err error
	if w.m != nil && w.cfg.RestoreOnShutdown {
		err = w.applied.Restore()
	}
	return errors.Join(err, w.closeMap())
}

func (w *Writer) closeMap() error {
	if w.m == nil {
		return nil
	}
	m := w.m
	w.m, w.applied = nil, nil
	return m.Close()
}
