// SPDX-License-Identifier: Apache-2.0

// The files whose positions are stored.

package checkpoint

import (
	"context"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// Known is a file whose position is stored.
type Known struct {
	ID   span.ID
	Path string // when the position was stored
	Position
}

// Known returns the files whose positions are stored, in the order in which they were first read. It must be called before the first part is
// played. A storage that fails is logged and counted. Positions that cannot be understood are left out; Read reports them.
func (s *Store) Known(ctx context.Context) []Known {
	ops := make([]*storage.Operation, len(s.files))
	for i, key := range s.files {
		ops[i] = storage.GetOperation(key)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := s.client.Batch(ctx, ops...); err != nil {
		s.problems.Add(ReadFailed, 1)
		s.log.Warn("the checkpoints cannot be read, so files that were renamed since the last run are not looked for, and the rest of them may be missing", zap.Error(err))
		return nil
	}
	var all []Known
	for i, op := range ops {
		path, at, err := parse(op.Value)
		id, isID := idOf(s.files[i])
		if err == nil && isID {
			all = append(all, Known{ID: id, Path: path, Position: at})
		}
	}
	return all
}

// idOf is the reverse of keyOf.
func idOf(key string) (id span.ID, ok bool) {
	digits, ok := strings.CutPrefix(key, keyPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(digits))
	return id, err == nil
}
