// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// withOptional returns the Parts with a function that does nothing for each optional one that is nil.
func (p Parts) withOptional() Parts {
	if p.Missing == nil {
		p.Missing = func(error) bool { return false }
	}
	if p.Follow == nil {
		p.Follow = func(stopped <-chan struct{}) { <-stopped }
	}
	if p.Losses == nil {
		p.Losses = func() map[string]int64 { return nil }
	}
	if p.HideHost == nil {
		p.HideHost = func() status.HostHider { return nil }
	}
	if p.Begin == nil {
		p.Begin = func() {}
	}
	if p.End == nil {
		p.End = func(context.Context, time.Time) error { return nil }
	}
	if p.Played == nil {
		p.Played = func() {}
	}
	if p.Started == nil {
		p.Started = func([]string) {}
	}
	if p.Account == nil {
		p.Account = func() []zap.Field { return nil }
	}
	return p
}
