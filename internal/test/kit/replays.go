// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
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

// RequireAllEmitted requires that every event has left the receiver, none was dropped, and the sink has each record.
func RequireAllEmitted(t testing.TB, stats *pipeline.Stats, sink *consumertest.LogsSink) {
	t.Helper()
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Zero(t, stats.Dropped.Total(), "%s", stats)
	require.Equal(t, stats.Emitted.Load(), int64(sink.LogRecordCount()))
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

// EndedHost is a host that receives requests to end the collector.
type EndedHost struct {
	component.Host
	Ended chan *componentstatus.Event
}

// NewEndedHost returns a host with room for ten requests.
func NewEndedHost() *EndedHost {
	return &EndedHost{Host: componenttest.NewNopHost(), Ended: make(chan *componentstatus.Event, 10)}
}

// NotifyComponentStatusChange receives a request.
func (h *EndedHost) NotifyComponentStatusChange(_ *componentstatus.InstanceID, e *componentstatus.Event) {
	h.Ended <- e
}

// RefusedFile is a file that a replay refuses, and a part of the error.
type RefusedFile struct {
	Content []byte
	Want    string
}

// RequireFilesRefused requires that the start of a receiver refuses each file, by an error that names the key. A file of the name "missing" is not there.
func RequireFilesRefused(t *testing.T, files map[string]RefusedFile, create func(path string) (component.Component, error)) {
	t.Helper()
	dir := t.TempDir()
	for name, file := range files {
		path := filepath.Join(dir, name)
		if name != "missing" {
			require.NoError(t, os.WriteFile(path, file.Content, 0o600))
		}
		r, err := create(path)
		require.NoError(t, err)
		err = r.Start(context.Background(), componenttest.NewNopHost())
		require.ErrorContains(t, err, file.Want, name)
		require.ErrorContains(t, err, "replay.path", name)
		require.NoError(t, r.Shutdown(context.Background()))
	}
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

// RequireRecordingNotReplayed requires that a configuration is refused that would replay the file that it records, or one of its earlier parts. validate
// checks a configuration that follows the first path and records into the second.
func RequireRecordingNotReplayed(t *testing.T, extension string, validate func(replayed, recorded string) error) {
	t.Helper()
	for path, refused := range map[string]bool{"*.": true, "out.1.": true, "out.": true, "in*.": false} {
		err := validate(path+extension, "out."+extension)
		if refused {
			require.ErrorContains(t, err, "record.path: out.", path)
		} else {
			require.NoError(t, err, path)
		}
	}
}
