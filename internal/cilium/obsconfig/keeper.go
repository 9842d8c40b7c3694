// SPDX-License-Identifier: Apache-2.0

// Keeping the settings in the map that is pinned now, which may appear late and be replaced.

package obsconfig

import (
	"errors"
	"sync"
)

// Keeper keeps settings in the map that is pinned at one path. It is safe for use from any goroutine.
type Keeper struct {
	path     string
	cfg      Config
	settings Settings

	mu      sync.Mutex // guards what follows
	closed  bool
	m       *PinnedMap // nil while the settings stand nowhere
	applied *Applied
	failed  uint32 // the number of a map that they could not be written into
	reason  error  // why
}

// NewKeeper is a Keeper that has not written anything yet. Its Keep does nothing when cfg.Apply is off.
func NewKeeper(path string, cfg Config, s Settings) *Keeper {
	return &Keeper{path: path, cfg: cfg, settings: s}
}

// Keep writes the settings into the map that is pinned now, when it has not done so with this map, and with again in any
// case. written says what it wrote, "" when it wrote nothing. Errors are those of Open and Apply; a map that has not taken
// the settings is not tried once more without again.
func (k *Keeper) Keep(again bool) (written string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.cfg.Apply == ModeOff {
		return "", nil
	}
	m, err := Open(k.path)
	if err != nil {
		return "", err
	}
	id := m.ID()
	switch {
	case k.m != nil && k.m.ID() == id:
		if err := m.Close(); err != nil || !again {
			return "", err
		}
		if err := k.applied.Again(); err != nil {
			return "", err
		}
		return k.applied.String(), nil
	case k.reason != nil && k.failed == id && !again:
		return "", errors.Join(k.reason, m.Close())
	}
	applied, err := Apply(m, k.cfg.Layout, k.settings)
	if err != nil {
		k.failed, k.reason = id, err
		return "", errors.Join(err, m.Close())
	}
	// The programs that still read the map of before go on as they are, so nothing is restored in it.
	err = k.closeMap()
	k.m, k.applied, k.reason = m, applied, nil
	return applied.String(), err
}

// Close puts the previous values back where that is wanted, and closes the map. Keep does nothing after it.
func (k *Keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	var err error
	if k.m != nil && k.cfg.RestoreOnShutdown {
		err = k.applied.Restore()
	}
	return errors.Join(err, k.closeMap())
}

func (k *Keeper) closeMap() error {
	if k.m == nil {
		return nil
	}
	m := k.m
	k.m, k.applied = nil, nil
	return m.Close()
}
