// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
)

// sink is an OTLP/gRPC server on the loopback interface that counts records.
type sink struct {
	plogotlp.UnimplementedGRPCServer
	records   atomic.Int64
	perSecond float64 // records that it processes per second; 0 is no limit

	mu   sync.Mutex
	free time.Time // when it will have processed the records received so far

	listener net.Listener
	server   *grpc.Server
	done     chan struct{}
}

func startSink(perSecond float64) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	const maxMessage = 256 << 20
	s := &sink{perSecond: perSecond, listener: l, server: grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage)), done: make(chan struct{})}
	plogotlp.RegisterGRPCServer(s.server, s)
	go func() {
		defer close(s.done)
		_ = s.server.Serve(l) // ends with stop
	}()
	return s, nil
}

func (s *sink) endpoint() string { return s.listener.Addr().String() }

func (s *sink) stop() {
	s.server.Stop()
	<-s.done
}

// Export counts the records, and answers when a sink of this speed would have processed them.
func (s *sink) Export(ctx context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	n := r.Logs().LogRecordCount()
	if s.perSecond > 0 {
		select {
		case <-time.After(time.Until(s.take(n))):
		case <-ctx.Done():
			return plogotlp.NewExportResponse(), ctx.Err()
		}
	}
	s.records.Add(int64(n))
	return plogotlp.NewExportResponse(), nil
}

// take returns the time at which n more records will have been processed.
func (s *sink) take(n int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(time.Duration(float64(n) / s.perSecond * float64(time.Second)))
	return s.free
}
