// SPDX-License-Identifier: Apache-2.0

package service

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestWhatIsLoggedWithAnIdIsWrittenToTheEventLogOnce(t *testing.T) {
	w := &written{}
	inner, logs := observer.New(zap.ErrorLevel) // the Event Log does not depend on the log's level
	log := zap.New(inner, watch(&events{log: w}, func() {}))
	dns, cilium := log.With(zap.String("otelcol.component.id", "asimdns")), log.With(zap.String("otelcol.component.id", "ciliumwindows"))
	for range 3 {
		dns.Warn("events are lost", zap.Int(IDKey, 201), zap.Int("lost", 7))
		cilium.Warn("events are lost", zap.Int(IDKey, 201), zap.Int("lost", 8))
	}
	for range 3 {
		dns.Info("no event was lost for a minute", zap.Int(IDKey, 202))
	}
	dns.Warn("events are lost", zap.Int(IDKey, 201), zap.Int("lost", 9))
	dns.Warn("something else", zap.Int("lost", 10))
	require.Equal(t, []string{
		"warning 201 events are lost\r\ncomponent: asimdns\r\nlost: 7", "warning 201 events are lost\r\ncomponent: ciliumwindows\r\nlost: 8",
		"info 202 no event was lost for a minute\r\ncomponent: asimdns", "warning 201 events are lost\r\ncomponent: asimdns\r\nlost: 9",
	}, w.all)
	require.Zero(t, logs.Len())
	dns.Error("kept")
	require.Equal(t, 1, logs.Len())
}

func TestATextIsBounded(t *testing.T) {
	w := &written{}
	(&events{log: w}).write(zapcore.ErrorLevel, 103, "", "a\x00"+strings.Repeat("ä", 1<<20))
	require.Len(t, w.all, 1)
	require.Less(t, len(w.all[0]), maxText+100)
	require.NotContains(t, w.all[0], "\x00")
	(&events{log: w}).write(zapcore.ErrorLevel, 1001, "", "")
	(&events{}).write(zapcore.ErrorLevel, 103, "", "")
	require.Len(t, w.all, 1)
}

func TestALogFileIsBoundedAndTheOneBeforeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "collector.log")
	const most = 200 << 10
	l, err := openLog(path, most)
	require.NoError(t, err)
	var text bytes.Buffer
	for range 5000 {
		text.WriteString("a line of the log, which is not long\n")
	}
	text.WriteString(strings.Repeat("x", 100<<10))
	text.WriteString("\nlast\n")
	all := text.String()
	l.copy(&text)
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	before, err := os.ReadFile(path + ".1")
	require.NoError(t, err)
	require.Equal(t, all, string(before)+string(now))
	require.LessOrEqual(t, len(before), most)
	require.LessOrEqual(t, len(now), most)

	l, err = openLog(path, most)
	require.NoError(t, err)
	l.copy(strings.NewReader("after a restart\n"))
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(now)+"after a restart\n", string(again))
}

func TestAFileOfCrashesIsBoundedAndTheOneBeforeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "crash.log")
	t.Cleanup(func() { _ = debug.SetCrashOutput(nil, debug.CrashOptions{}) })
	require.NoError(t, crashTo(path, 4))
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, crashTo(path, 4))
	require.NoFileExists(t, path+".1")
	require.NoError(t, os.WriteFile(path, []byte("full"), 0o600))
	require.NoError(t, debug.SetCrashOutput(nil, debug.CrashOptions{})) // as when the process has ended
	require.NoError(t, crashTo(path, 4))
	kept, err := os.ReadFile(path + ".1")
	require.NoError(t, err)
	require.Equal(t, "full", string(kept))
	require.FileExists(t, path)
}
