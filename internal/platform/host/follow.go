// SPDX-License-Identifier: Apache-2.0

package host

import "time"

// followInterval is how often Follow looks. A host gets another name or address seldom.
const followInterval = time.Minute

// Follow reads what this host is once a minute until stopped is closed, and gives it to set when it has changed. known is what was
// read before. It blocks: it wants a goroutine of its own.
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
