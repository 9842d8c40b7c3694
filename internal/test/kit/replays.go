// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Start creates a receiver of version 1.2.3, starts it on the host, and returns it and its log.
func Start[R component.Component](t *testing.T, host component.Host, set receiver.Settings, create func(receiver.Settings) (R, error)) (R, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	set.Logger = zap.New(core)
	set.BuildInfo.Version = "1.2.3"
	r, err := create(set)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), host))
	return r, logs
}

// account is what EndReplay asks of a receiver's Stats.
type account interface {
	fmt.Stringer
	Pending() int64
}

// EndReplay waits for the end of a replay and shuts the receiver down. No event is left. If the shutdown returns an error, it has the type
// that unread points to, and the log names what could not be read.
func EndReplay(t *testing.T, r component.Component, done <-chan struct{}, stats account, unread any, logs *observer.ObservedLogs) {
	t.Helper()
	<-done
	if err := r.Shutdown(context.Background()); err != nil {
		require.ErrorAs(t, err, unread)
		require.Len(t, logs.FilterMessage("not every file could be read in full").All(), 1)
	}
	require.Zero(t, stats.Pending(), "%s", stats)
}

// ByTier returns all records as text, those of the archive apart: the resource without the tier, the time, the severity, the body and the attributes.
func ByTier(t *testing.T, sink *consumertest.LogsSink) (main, archive []string) {
	t.Helper()
	EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		resource := rl.Resource().Attributes().AsRaw()
		tier := resource["winnet.tier"]
		delete(resource, "winnet.tier")
		text, err := json.Marshal([]any{resource, lr.Timestamp(), lr.SeverityNumber(), lr.Body().AsRaw(), lr.Attributes().AsRaw()})
		require.NoError(t, err)
		switch tier {
		case nil:
			main = append(main, string(text))
		case "archive":
			archive = append(archive, string(text))
		default:
			require.Fail(t, fmt.Sprint("a tier that does not exist: ", tier))
		}
	})
	return main, archive
}

// RequireFilesNamed requires that the sections replay and record are refused if they name no file, and taken with the example's name. load reads a
// configuration. An environment variable that is not set leaves a key without a value, or with an empty text.
func RequireFilesNamed(t *testing.T, load func(yaml string) error, example string) {
	t.Helper()
	for section, empty := range map[string][]string{
		"replay": {"{path: }", `{path: ""}`, "{path: []}", "{repeat: 2}", "{path: , exit_when_done: true}"},
		"record": {"{path: }", `{path: ""}`, "{max_size_mib: 5}"},
	} {
		for _, yaml := range empty {
			err := load(section + ": " + yaml)
			require.ErrorContains(t, err, section+": path: it is missing or empty, for example because a variable is not set; want ", yaml)
			require.ErrorContains(t, err, "leave the section "+section+" out", yaml)
		}
		for _, yaml := range []string{section + ":", section + ": {}", section + ": {path: " + example + "}"} {
			require.NoError(t, load(yaml), yaml)
		}
	}
	require.ErrorContains(t, load("replay: {path: [a, ~]}"), "replay.path[1]: it is missing or empty, for example because a variable is not set; want ")
}
