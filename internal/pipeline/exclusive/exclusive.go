// SPDX-License-Identifier: Apache-2.0

// Package exclusive keeps the components of one process off each other's sources. In comes a name, such as that of an ETW session or the
// path of a pinned map; out comes the right to use what it names, until that is given back.
//
// It is for names alone, within the process. Four other registries differ from it. Against other processes there are a named mutex
// (internal/etw/session) and locked files (internal/pipeline/record). The claims of internal/cilium/events compare the maps, because one
// map may have several names. The instances of receiver/ciliumwindowsreceiver do not keep anything apart: they make a logs and a metrics
// pipeline share one receiver.
package exclusive

import "sync"

// Names are the names in use. The zero value has none. Its methods may be called from any goroutine.
type Names struct {
	mu    sync.Mutex
	inUse map[string]struct{}
}

// Claim takes a name; ok is false when it is in use. release gives it back; further calls do nothing.
func (n *Names) Claim(name string) (release func(), ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, taken := n.inUse[name]; taken {
		return nil, false
	}
	if n.inUse == nil {
		n.inUse = map[string]struct{}{}
	}
	n.inUse[name] = struct{}{}
	return sync.OnceFunc(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.inUse, name)
	}), true
}

// Len is the number of names in use.
func (n *Names) Len() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.inUse)
}
