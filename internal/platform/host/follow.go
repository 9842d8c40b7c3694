// SPDX-License-Identifier: Apache-2.0

package host

import "time"

// followInterval is how often Follow looks. A host's name or address seldom changes.
const followInterval = time.Minute

// Follow reads the host's name and address once a minute until stopped is closed, and calls set when they have changed. known is what
// was read before. Follow blocks: it needs a goroutine of its own.
func Follow[T comparable](stopped <-chan struct{}, known T, read func() T, set func(T)) {
	ticker := time.NewTicker(followInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-ticker.C:
			if now := read(); now != known {
				known = now
				set(known)
			}
		}
	}
}
