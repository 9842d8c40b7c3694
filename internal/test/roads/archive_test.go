// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// hourOfAnArchive is the hour of examples/archive-file: the sums go to Sentinel, and each event goes to files. Every name of a recording is
// new, so no event is summed. What a full disk does is in the hour of examples/file.
func hourOfAnArchive(t *testing.T) {
	far, dir := newSentinelFar(t), home(t)
	archived := func() map[string]int { return records(t, filepath.Join(dir, "data/otelcol-winnet/archive/winnet*")) }
	run := func(part string, n int) *collector {
		return start(t, dir, far.env(), "examples/archive-file/config.yaml",
			"yaml:exporters::sentinel::retry_on_failure: {initial_interval: 200ms, max_interval: 1s}",
			"yaml:receivers::asimdns::aggregation: {pack: none}", // the far end counts rows by their name, which packed rows do not have
			fmt.Sprintf("yaml:receivers::asimdns: {replay: {path: '%s'}}", recording(t, part, n, 4)))
	}
	c := run("calm", 300)
	c.until("all records have arrived", func() bool { return ofPart(far.got(), "calm") >= 300 && ofPart(archived(), "calm") >= 300 })
	require.Equal(t, 300, c.interrupt())
	require.Contains(t, c.out.String(), "every record of the archive has left the receiver")
	requireOnce(t, far.got(), names("calm", 300))
	requireOnce(t, archived(), names("calm", 300))
	far.requireIdentifiers(t)

	// The archive goes on while Sentinel is away, and the queue on disk has the rest.
	far.away(t)
	c = run("outage", 500)
	c.until("the archive has all records", func() bool { return ofPart(archived(), "outage") >= 500 })
	require.Equal(t, 500, c.interrupt())
	far.back(t)
	c = run("last", 100)
	c.until("all records have arrived", func() bool { return len(far.got()) >= 900 && ofPart(archived(), "last") >= 100 })
	require.Equal(t, 100, c.interrupt())
	want := append(append(names("calm", 300), names("outage", 500)...), names("last", 100)...)
	requireExactly(t, far.got(), want)
	requireOnce(t, archived(), want)
}
