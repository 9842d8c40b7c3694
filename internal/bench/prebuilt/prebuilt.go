// SPDX-License-Identifier: Apache-2.0

// Package prebuilt is the receiver that the benchmarks of the whole collector compare the product's receivers with. It
// reads finished records from a file once and sends them as fast as the pipeline accepts them. No released collector
// contains it.
package prebuilt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

// Config is the receiver's configuration.
type Config struct {
	// Path is the file with the batches, as written by the file exporter with format: proto.
	Path string `mapstructure:"path"`
	// Repeat is how many times the batches are sent.
	Repeat int `mapstructure:"repeat"`
}

// NewFactory returns the factory of the prebuilt receiver, which supports the logs signal.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(component.MustNewType("prebuilt"), func() component.Config { return &Config{Repeat: 1} },
		receiver.WithLogs(create, component.StabilityLevelDevelopment))
}

func create(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	return &prebuilt{cfg: cfg.(*Config), log: set.Logger, next: next}, nil
}

type prebuilt struct {
	cfg    *Config
	log    *zap.Logger
	next   consumer.Logs
	cancel context.CancelFunc // nil before Start
	done   chan struct{}
}

// Start reads the file and starts sending its batches.
func (p *prebuilt) Start(context.Context, component.Host) error {
	raw, err := os.ReadFile(p.cfg.Path)
	if err != nil {
		return err
	}
	batches, err := Batches(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", p.cfg.Path, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	go func() {
		defer close(p.done)
		if err := p.play(ctx, batches); err != nil {
			p.log.Error("the replay has failed", zap.Error(err))
			return
		}
		p.log.Info("the replay has ended")
	}()
	return nil
}

// play sends a copy of each batch, because the pipeline owns what it receives.
func (p *prebuilt) play(ctx context.Context, batches []plog.Logs) error {
	for range p.cfg.Repeat {
		for _, b := range batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			logs := plog.NewLogs()
			b.CopyTo(logs)
			if err := p.next.ConsumeLogs(ctx, logs); err != nil {
				return err
			}
		}
	}
	return nil
}

// Shutdown ends the replay.
func (p *prebuilt) Shutdown(ctx context.Context) error {
	if p.cancel == nil {
		return nil
	}
	p.cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Batches reads a file that the file exporter wrote with format: proto: each batch as its size, 32 bits big-endian,
// followed by that many bytes of OTLP.
func Batches(raw []byte) ([]plog.Logs, error) {
	const sizeBytes = 4
	var batches []plog.Logs
	var unmarshaler plog.ProtoUnmarshaler
	for len(raw) > 0 {
		if len(raw) < sizeBytes {
			return nil, fmt.Errorf("%d bytes after the last batch; want the %d of a size", len(raw), sizeBytes)
		}
		size := int(binary.BigEndian.Uint32(raw))
		raw = raw[sizeBytes:]
		if size > len(raw) {
			return nil, fmt.Errorf("a batch of %d bytes where %d are left", size, len(raw))
		}
		logs, err := unmarshaler.UnmarshalLogs(raw[:size:size])
		if err != nil {
			return nil, err
		}
		batches, raw = append(batches, logs), raw[size:]
	}
	if len(batches) == 0 {
		return nil, errors.New("no batch in the file")
	}
	return batches, nil
}
