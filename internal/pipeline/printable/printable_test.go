// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestWhatFoolsAReaderIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"www.example.com":                            "www.example.com",
		"bücher.例え.テスト":                              "bücher.例え.テスト",
		"a\\.b":                                      "a\\.b",
		"a\r\nb\x1b[31m\x00\x7f":                     `a\u000d\u000ab\u001b[31m\u0000\u007f`,
		"a\u0085b\u009b31m":                          `a\u0085b\u009b31m`,
		"moc.elpmaxe\u202ecom":                       `moc.elpmaxe\u202ecom`,
		"\u061c\u200e\u200f\u202a\u202b\u202c\u202d": `\u061c\u200e\u200f\u202a\u202b\u202c\u202d`,
		"\u2066\u2067\u2068\u2069":                   `\u2066\u2067\u2068\u2069`,
		"a\u2028b\u2029c":                            `a\u2028b\u2029c`,
		"pay\u200bpal\u200c\u200d\u2060\ufeff":       `pay\u200bpal\u200c\u200d\u2060\ufeff`,
		"a\U000e0041\ufe0f\u3164":                    `a\U000e0041\ufe0f\u3164`,
		"a\xffb\xc3":                                 `a\xffb\xc3`,
		"�":                                          "�",
	} {
		require.Equal(t, want, String(text))
		require.Equal(t, want, string(Append(nil, text)))
		require.Equal(t, want, String(want), "what is escaped is escaped once")
	}
}

func TestALoggerEscapesMessagesAndFields(t *testing.T) {
	seen, logs := observer.New(zap.DebugLevel)
	log := Logger(zap.New(seen)).With(zap.String("with", "a\u202eb"))
	log.Info("a\x1bb", zap.String("text", "a\u202eb"), zap.Strings("list", []string{"a\nb"}), zap.Error(errors.New("a\u2028b")),
		zap.Stringer("addr", netip.MustParseAddr("fe80::1%e\u202e")), zap.ByteString("bytes", []byte("\x9b")), zap.Any("map", map[string]string{"k": "v"}),
		zap.Int("n", 3), zap.Int64("wide", 4), zap.Bool("b", true))
	require.Equal(t, 1, logs.Len())
	entry := logs.All()[0]
	require.Equal(t, `a\u001bb`, entry.Message)
	fields := entry.ContextMap()
	require.Equal(t, `a\u202eb`, fields["with"])
	require.Equal(t, `a\u202eb`, fields["text"])
	require.Equal(t, []any{`a\u000ab`}, fields["list"])
	require.Equal(t, `a\u2028b`, fields["error"])
	require.Equal(t, `fe80::1%e\u202e`, fields["addr"])
	require.Equal(t, `\x9b`, fields["bytes"])
	require.EqualValues(t, 3, fields["n"])
	require.EqualValues(t, 4, fields["wide"])
	require.Equal(t, true, fields["b"])
	hooked := 0
	Logger(zap.New(seen, zap.Hooks(func(zapcore.Entry) error { hooked++; return nil }))).Info("with a hook")
	require.Equal(t, 1, hooked)
	require.Equal(t, 1, logs.FilterMessage("with a hook").Len(), "a core with hooks does not write the line itself")
	logs.TakeAll()
	seen, logs = observer.New(zap.DebugLevel)
	Logger(zap.New(zapcore.NewSamplerWithOptions(seen, time.Hour, 1, 0))).Info("sampled")
	require.Equal(t, 1, logs.Len(), "a line is counted once")
	quiet := Logger(zap.New(seen, zap.IncreaseLevel(zap.WarnLevel)))
	quiet.Info("not this")
	require.Equal(t, 1, logs.Len())
}

// FuzzString escapes any bytes: the result is one line of UTF-8 that shows what it is, and escaping it again changes nothing.
func FuzzString(f *testing.F) {
	for _, text := range []string{"www.example.com", "\u202e\u2066", "\xff\xfe", strings.Repeat("\u200b", 64), "\x1b]0;title\x07", "\U000e0001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := String(text)
		require.True(t, utf8.ValidString(got))
		for _, r := range got {
			require.False(t, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp), "%U", r)
		}
		require.Equal(t, got, String(got))
	})
}

func TestALineThatMustBeThereIsNotSampled(t *testing.T) {
	seen, logs := observer.New(zap.InfoLevel)
	sampled := Logger(zap.New(zapcore.NewSamplerWithOptions(seen, time.Hour, 10, 0)))
	for _, log := range []*zap.Logger{Always(sampled), Always(sampled.With(zap.Int("a", 1))).With(zap.Int("b", 2)), Always(zap.New(zapcore.NewSamplerWithOptions(seen, time.Hour, 10, 0)))} {
		for range 100 {
			log.Info("every\u202eone", zap.String("text", "a\u202eb"))
			log.Debug("below the level")
		}
		require.Equal(t, 100, logs.FilterMessage(`every\u202eone`).Len(), "with the message as it is")
		require.Equal(t, `a\u202eb`, logs.TakeAll()[0].ContextMap()["text"])
	}
	some := Logger(zap.New(zapcore.NewSamplerWithOptions(seen, time.Hour, 10, 0)))
	for range 100 {
		some.Info("some")
	}
	require.Equal(t, 10, logs.Len())
}

// busy is a core whose sampler has used up the counters of all messages but each eighth.
type busy struct {
	zapcore.Core
	checked *int
}

func (b busy) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if *b.checked++; *b.checked%8 != 0 {
		return ce
	}
	return b.Core.Check(e, ce)
}

func TestALineWhoseCounterIsUsedUpTakesAnother(t *testing.T) {
	seen, logs := observer.New(zap.InfoLevel)
	log := Always(zap.New(busy{seen, new(int)}))
	for range 5 {
		log.Info("an account")
	}
	require.Equal(t, 5, logs.FilterMessage("an account").Len())
}
