// SPDX-License-Identifier: Apache-2.0

// The bytes that clients leave unread. gRPC takes an answer, and the last messages of a stream, at once and keeps them until the client has room. The server
// does not wait for that, and no error shows a client that never reads. So each message reports itself when it has left.

package hubbleexporter

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec of protobuf
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/observer"
)

// maxUnread is the largest size of the unread answers of a client that still gets another answer, in bytes.
const maxUnread = 4 << 20

// message is a message and the stream or call that it belongs to.
type message struct {
	body any
	of   *unread
}

// codec is the codec of protobuf. It refuses a request with too many values before memory is allocated for them. It also notes which messages of a stream or
// a call wait for the client.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal reads a message.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(proto.Message); ok {
		raw := data.MaterializeToBuffer(mem.DefaultBufferPool())
		defer raw.Free()
		if err := observer.CheckValues(raw.ReadOnlyData(), m.ProtoReflect().Descriptor()); err != nil {
			return err
		}
	}
	return c.CodecV2.Unmarshal(data, v)
}

// mark is the memory of each message's mark. It has no bytes; gRPC frees only buffers with a capacity above a threshold.
var mark = make([]byte, 0, 4<<10)

// Marshal writes a message. A mark behind its bytes is freed with them, when they have left or never will.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	data, err := c.CodecV2.Marshal(m.body)
	if err != nil {
		return nil, err
	}
	m.of.waits()
	return append(data, mem.NewBuffer(&mark, m.of)), nil
}

// unread are the messages of a stream or a call that wait for the client. When none of them leaves for as long as the server is patient, the connection is
// closed.
type unread struct {
	conn   *limitedConn
	answer int64 // the size of a call's answer

	mu    sync.Mutex
	n     int
	timer *time.Timer // runs while n is not 0
}

var _ mem.BufferPool = (*unread)(nil)

// unread makes the account of a request's messages. Compression would hide when a message leaves, so there is none.
func (c *clients) unread(ctx context.Context) (*unread, error) {
	if err := grpc.SetSendCompressor(ctx, encoding.Identity); err != nil {
		return nil, err
	}
	p, _ := peer.FromContext(ctx)
	at, ok := p.Addr.(clientAddr)
	if !ok {
		return nil, status.Error(codes.Internal, "the connection is not known")
	}
	return newUnread(at.conn), nil
}

func newUnread(conn *limitedConn) *unread {
	u := &unread{conn: conn}
	u.timer = time.AfterFunc(conn.clients.patience, func() { conn.clients.close(conn) })
	u.timer.Stop() // until a message waits
	return u
}

// waits notes that a message waits.
func (u *unread) waits() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n++; u.n == 1 {
		u.timer.Reset(u.conn.clients.patience)
	}
}

// Put notes that a message has left.
func (u *unread) Put(*[]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 {
		u.timer.Stop()
	} else {
		u.timer.Reset(u.conn.clients.patience)
	}
	u.conn.unread.Add(-u.answer)
}

// Get implements mem.BufferPool. Nobody takes memory from here.
func (*unread) Get(length int) *[]byte { return mem.DefaultBufferPool().Get(length) }

// stream serves a stream.
func (c *clients) stream(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	u, err := c.unread(stream.Context())
	if err != nil {
		return err
	}
	return handle(service, &noted{stream, u})
}

// noted is a stream whose messages are noted.
type noted struct {
	grpc.ServerStream
	unread *unread
}

// SendMsg sends a message.
func (s *noted) SendMsg(m any) error { return s.ServerStream.SendMsg(&message{m, s.unread}) }

// call serves a call, unless the client has left too much unread.
func (c *clients) call(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	u, err := c.unread(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := handle(ctx, request)
	if err != nil {
		return nil, err
	}
	if u.answer = int64(proto.Size(answer.(proto.Message))); !u.conn.takes(u.answer) {
		return nil, status.Errorf(codes.ResourceExhausted, "the client leaves %d bytes of earlier answers unread", u.conn.unread.Load())
	}
	return &message{answer, u}, nil
}
