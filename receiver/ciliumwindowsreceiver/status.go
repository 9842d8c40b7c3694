// SPDX-License-Identifier: Apache-2.0

// Status records of what someone else does to the maps.

package ciliumwindowsreceiver

import (
	"fmt"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// The EventType of security records, and of the record of a map that may lose events unseen.
const (
	typeMapReplaced           = "MapReplaced"
	typeMapLost               = "MapLost"
	typeMapLeft               = "MapLeft"
	typeMapUnidentified       = "MapUnidentified"
	typeMapNearlyFull         = "MapNearlyFull"
	typeConfigurationChanged  = "ConfigurationChanged"
	typeConfigurationReplaced = "ConfigurationMapReplaced"
	typeConfigurationLost     = "ConfigurationMapLost"
)

// known is the state that the status records have reported so far. Only the follower's calls use it.
type known struct {
	read      bool   // a map was read
	id        uint32 // of the map that is read; 0 is unknown
	maps      int    // configuration maps that took the settings
	configErr error  // of the last look at the configuration map
	full      time.Time
}

// reading reports whether the pinned events map is read.
func (r *ciliumReceiver) reading() bool { return r.live != nil && r.live.follower.Reading() }

// noteMap reports that another map is read. It does not report the first map, or a map that is read again.
func (l *liveSource) noteMap(info events.MapInfo) {
	before := l.known
	l.known.read, l.known.id = true, info.ID
	if !before.read || info.ID == before.id && info.ID != 0 {
		return
	}
	l.status.Note(typeMapReplaced, info.Path, fmt.Sprintf("another events map is pinned: id %d, which is read from now on, in place of id %d", info.ID, before.id))
}

// noteReading reports that the pinned map is not read any more, or that it is read again. It reports nothing before the first map is read.
func (l *liveSource) noteReading(err error) {
	path := l.r.cfg.EventsMap
	if err == nil || l.known.configErr != nil && err.Error() == l.known.configErr.Error() {
		l.status.Clear(status.Security, typeMapLost, path, "the pinned events map is read again")
		return
	}
	if l.known.read {
		l.status.Raise(status.Security, typeMapLost, path, "the pinned events map is not read: "+err.Error())
	}
}

// noteChanges reports values that someone else has written into the configuration map.
func (l *liveSource) noteChanges() {
	if !l.r.cfg.StatusRecords {
		return
	}
	changes, err := l.config.Changes()
	if err != nil {
		return // Keep reports it
	}
	if changes != "" {
		changes = "something else has changed the observability configuration map: " + changes
	}
	l.status.Set(typeConfigurationChanged, l.r.cfg.ObservabilityConfigMap, changes)
}

// noteConfiguration reports that another configuration map is pinned, or that no map takes the settings.
func (l *liveSource) noteConfiguration(err error) {
	path, before := l.r.cfg.ObservabilityConfigMap, l.known.maps
	l.known.configErr, l.known.maps = err, l.config.Maps()
	switch {
	case err != nil && before > 0:
		l.status.Raise(status.Security, typeConfigurationLost, path, "the observability configuration map does not have the settings any more: "+err.Error())
	case err == nil:
		l.status.Clear(status.Security, typeConfigurationLost, path, "the observability configuration map has the settings again")
	}
	if before > 0 && l.known.maps > before {
		l.status.Note(typeConfigurationReplaced, path, "another observability configuration map is pinned; the settings were written into it")
	}
}

// noteFill reports a map that is nearly full, and when it has not been nearly full for fullInterval.
func (l *liveSource) noteFill(path string, use float64) {
	switch {
	case use > fullShare:
		l.known.full = time.Now()
		l.status.Raise(status.Loss, typeMapNearlyFull, path, fmt.Sprintf("%.0f%% of the events map were waiting; the datapath drops events once it is full, and does not count them", 100*use))
	case time.Since(l.known.full) >= fullInterval:
		l.status.Clear(status.Loss, typeMapNearlyFull, path, "the events map is not nearly full any more")
	}
}
