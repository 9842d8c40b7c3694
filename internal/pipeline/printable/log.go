// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"strconv"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Logger returns a logger that escapes the message and the fields of each line. zap itself does not escape C1 control characters and marks of
// direction.
func Logger(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return core{Core: c} }))
}

// Always returns a logger whose lines no sampling leaves out. By default a collector logs ten lines of the same message in ten seconds, whichever
// receivers they are of. It is for lines that each receiver or file has once, such as its account.
func Always(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		if mine, ok := c.(core); ok {
			c = mine.Core
		}
		return core{Core: c, always: true}
	}))
}

// core escapes the texts of each line and passes it on.
type core struct {
	zapcore.Core
	always bool
}

func (c core) With(fields []zapcore.Field) zapcore.Core {
	return core{c.Core.With(escaped(fields)), c.always}
}

func (c core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) {
		return ce
	}
	return ce.AddCore(e, c)
}

// Write lets the core check the line before, because a core's Check adds the cores that write it: one with hooks is not the one that writes.
func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message = String(e.Message)
	ce := c.check(e)
	if ce != nil {
		ce.Message = e.Message
		ce.Write(escaped(fields)...)
	}
	return nil
}

// check lets the core check a line. A sampler goes by the message, so each line of Always has a number. Messages with the same hash share a
// counter of zap's sampler; if that of a number is used up, the next number is tried, at most eight.
func (c core) check(e zapcore.Entry) *zapcore.CheckedEntry {
	if !c.always {
		return c.Core.Check(e, nil)
	}
	message := e.Message
	for range 8 {
		e.Message = message + strconv.FormatUint(lines.Add(1), 10)
		if ce := c.Core.Check(e, nil); ce != nil {
			return ce
		}
	}
	return nil
}

// lines numbers the lines of all loggers of Always.
var lines atomic.Uint64

// escaped returns the fields with escaped texts. It leaves the given ones as they are.
func escaped(fields []zapcore.Field) []zapcore.Field {
	all := make([]zapcore.Field, 0, len(fields))
	for _, f := range fields {
		switch f.Type {
		case zapcore.StringType:
			f.String = String(f.String)
		case zapcore.ByteStringType, zapcore.StringerType, zapcore.ErrorType, zapcore.ArrayMarshalerType, zapcore.ObjectMarshalerType, zapcore.ReflectType:
			values := zapcore.NewMapObjectEncoder()
			f.AddTo(values)
			for name, v := range values.Fields { // of an error there may be two
				all = append(all, zap.Any(name, escapedValue(v)))
			}
			continue
		}
		all = append(all, f)
	}
	return all
}

// escapedValue escapes the texts in a value of a field.
func escapedValue(v any) any {
	switch v := v.(type) {
	case string:
		return String(v)
	case []any:
		all := make([]any, len(v))
		for i, e := range v {
			all[i] = escapedValue(e)
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for name, e := range v {
			all[name] = escapedValue(e)
		}
		return all
	}
	return v
}
