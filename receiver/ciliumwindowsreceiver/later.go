// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// laterVersions counts the notifications of a later layout than the decoder knows, and logs the first one of each type.
type laterVersions struct {
	log   *zap.Logger
	count atomic.Int64
	told  [256]atomic.Bool // by message type
}

// add counts a notification. Any worker may call it.
func (l *laterVersions) add(n *monitor.Notification) {
	l.count.Add(1)
	if l.told[n.Type].Swap(true) {
		return
	}
	l.log.Warn("the datapath writes a notification of a later version than this receiver knows; it is decoded as far as it is known, and its records have "+
		"cilium.notification.version_unknown. A later release of the receiver may read all of it. Further ones are only counted",
		zap.Stringer("type", n.Type), zap.Uint8("version", n.Version), zap.Int("bytes", len(n.Raw)), zap.Bool("packet_found", len(n.Packet) > 0))
}
