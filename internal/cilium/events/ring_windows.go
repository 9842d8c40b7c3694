// SPDX-License-Identifier: Apache-2.0

// The attachment of a ring buffer of eBPF for Windows. cilium/ebpf opens the map. Its reader is not used, because it spins while a
// record is being written, and nothing can stop it: if a producer dies while writing, the reader would use a whole core and block the
// shutdown.

package events

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/clock"
)

var (
	_ attachment = (*windowsRing)(nil)
	_ drainer    = (*windowsRing)(nil)
	_ peaker     = (*windowsRing)(nil)
)

type windowsRing struct {
	api    ringAPI
	fd     int
	mapped mappedRing
	view   ringView

	wake, stop         windows.Handle // auto-reset events, set by the producer, and by interrupt and drain
	stopping, draining atomic.Bool
	highest            atomic.Uint64
}

const (
	// idleWait is how long the reader waits for the producer's event before it looks anyway, for records whose producer requested no
	// event.
	idleWait = time.Second
	// busyLooks is how often the reader looks again at once at a record that is being written, which is faster than a wait. Then it
	// waits from busyWait up to maxBusyWait.
	busyLooks             = 200
	busyWait, maxBusyWait = time.Millisecond, 100 * time.Millisecond
)

// attachRing begins to read the ring buffer. Its event replaces that of another reader: a ring has only one.
func attachRing(m *ebpf.Map) (_ attachment, err error) {
	r := &windowsRing{fd: m.FD()}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.api, err = loadRingAPI(); err != nil {
		return nil, err
	}
	if r.wake, err = windows.CreateEvent(nil, 0, 0, nil); err != nil {
		return nil, fmt.Errorf("CreateEvent: %w", err)
	}
	if r.stop, err = windows.CreateEvent(nil, 0, 0, nil); err != nil {
		return nil, fmt.Errorf("CreateEvent: %w", err)
	}
	if err := r.api.setWaitHandle(r.fd, 0, r.wake); err != nil {
		return nil, err
	}
	if r.mapped, err = r.api.mapBuffer(r.fd); err != nil {
		return nil, err
	}
	if r.mapped.data == nil || r.mapped.size != uint64(m.MaxEntries()) {
		return nil, fmt.Errorf("%w: eBPF for Windows has mapped %d bytes; want the map's %d", ErrMapSize, r.mapped.size, m.MaxEntries())
	}
	r.view = r.mapped.view()
	return r, nil
}

func (r *windowsRing) run(emit func(Record)) error {
	busy := 0 // number of looks at a record that is being written
	for !r.stopping.Load() {
		data, err := r.view.next()
		switch err {
		case nil:
			if r.view.waited > r.highest.Load() {
				r.highest.Store(r.view.waited)
			}
			emit(Record{Time: clock.Now(), CPU: UnknownCPU, Data: data})
			r.view.release()
			busy = 0
		case errRingEmpty:
			if r.draining.Load() {
				return nil
			}
			busy = 0
			err = r.wait(idleWait)
		case errRingBusy:
			busy++
			err = r.waitBusy(busy)
		default:
			return fmt.Errorf("%w; %d waiting bytes are skipped", err, r.view.skip())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// waitBusy waits until a record is complete, after so many looks at it.
func (r *windowsRing) waitBusy(looks int) error {
	if looks <= busyLooks {
		runtime.Gosched()
		return nil
	}
	return r.wait(min(busyWait<<min(looks-busyLooks-1, 10), maxBusyWait))
}

// wait waits for the producer, for interrupt, or until the given time has passed.
func (r *windowsRing) wait(d time.Duration) error {
	event, err := windows.WaitForMultipleObjects([]windows.Handle{r.wake, r.stop}, false, uint32(d.Milliseconds()))
	if event == windows.WAIT_FAILED {
		return fmt.Errorf("WaitForMultipleObjects: %w", err)
	}
	return nil
}

func (r *windowsRing) interrupt() error {
	r.stopping.Store(true)
	return windows.SetEvent(r.stop)
}

func (r *windowsRing) drain() error {
	r.draining.Store(true)
	return windows.SetEvent(r.stop)
}

func (r *windowsRing) fill() (waiting, size int) { return int(r.view.waiting()), int(r.view.size()) }

// peak also counts what waits now, since the reader may be slow.
func (r *windowsRing) peak() int { return int(max(r.highest.Swap(0), r.view.waiting())) }

func (r *windowsRing) close() error {
	var errs []error
	if r.mapped.data != nil {
		errs = append(errs, r.api.unmapBuffer(r.fd, r.mapped))
		r.mapped, r.view = mappedRing{}, ringView{} // Go must not keep pointers to addresses that may become its own memory
	}
	for _, event := range []windows.Handle{r.wake, r.stop} {
		if event != 0 {
			errs = append(errs, windows.CloseHandle(event))
		}
	}
	return errors.Join(errs...)
}
