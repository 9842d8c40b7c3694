// SPDX-License-Identifier: Apache-2.0

// The functions of ebpfapi.dll that cilium/ebpf does not have or does not export: one Go function for each, without logic. Sources:
// include/ebpf_api.h and libbpf's src/libbpf.h. Descriptors are those of cilium/ebpf's maps.

package events

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// ringAPI has the functions for a ring buffer, since eBPF for Windows 1.0.
type ringAPI struct{ setWait, mapData, unmapData uintptr }

func loadRingAPI() (a ringAPI, err error) {
	err = pinned.Functions("1.0", map[string]*uintptr{
		"ebpf_map_set_wait_handle":          &a.setWait,
		"ebpf_ring_buffer_map_map_buffer":   &a.mapData,
		"ebpf_ring_buffer_map_unmap_buffer": &a.unmapData,
	})
	return a, err
}

// setWaitHandle sets the event that the map signals. It replaces the one before.
//
//	ebpf_result_t ebpf_map_set_wait_handle(fd_t map_fd, uint64_t index, ebpf_handle_t handle)
func (a *ringAPI) setWaitHandle(fd int, index uint64, event windows.Handle) error {
	r, _, _ := syscall.SyscallN(a.setWait, uintptr(fd), uintptr(index), uintptr(event))
	return result("ebpf_map_set_wait_handle", r)
}

// mappedRing is a ring buffer in this process's memory.
type mappedRing struct {
	consumer, producer *uint64
	data               *byte
	size               uint64 // of data, which is mapped twice in a row
}

func (m *mappedRing) view() ringView {
	return ringView{consumer: m.consumer, producer: m.producer, data: unsafe.Slice(m.data, 2*m.size)}
}

// mapBuffer maps the ring buffer.
//
//	ebpf_result_t ebpf_ring_buffer_map_map_buffer(fd_t map_fd, void** consumer, const void** producer,
//	                                              const uint8_t** data, size_t* data_size)
func (a *ringAPI) mapBuffer(fd int) (m mappedRing, err error) {
	r, _, _ := syscall.SyscallN(a.mapData, uintptr(fd), uintptr(unsafe.Pointer(&m.consumer)), uintptr(unsafe.Pointer(&m.producer)),
		uintptr(unsafe.Pointer(&m.data)), uintptr(unsafe.Pointer(&m.size)))
	return m, result("ebpf_ring_buffer_map_map_buffer", r)
}

// unmapBuffer unmaps the ring buffer.
//
//	ebpf_result_t ebpf_ring_buffer_map_unmap_buffer(fd_t map_fd, void* consumer, const void* producer, const void* data)
func (a *ringAPI) unmapBuffer(fd int, m mappedRing) error {
	r, _, _ := syscall.SyscallN(a.unmapData, uintptr(fd), uintptr(unsafe.Pointer(m.consumer)), uintptr(unsafe.Pointer(m.producer)),
		uintptr(unsafe.Pointer(m.data)))
	return result("ebpf_ring_buffer_map_unmap_buffer", r)
}

// perfAPI has the functions for a perf event array, since eBPF for Windows 1.1.
type perfAPI struct{ create, pollRecords, release uintptr }

func loadPerfAPI() (a perfAPI, err error) {
	err = pinned.Functions("1.1", map[string]*uintptr{
		"perf_buffer__new":  &a.create,
		"perf_buffer__poll": &a.pollRecords,
		"perf_buffer__free": &a.release,
	})
	return a, err
}

// new begins to read a perf event array; the result is 0 if that fails. Both callbacks are required; they are C functions, and only poll
// calls them. context is passed to them and is not dereferenced.
//
//	struct perf_buffer* perf_buffer__new(int map_fd, size_t page_cnt, perf_buffer_sample_fn sample_cb,
//	                                     perf_buffer_lost_fn lost_cb, void* ctx, const struct perf_buffer_opts* opts)
//	typedef void (*perf_buffer_sample_fn)(void* ctx, int cpu, void* data, __u32 size)
//	typedef void (*perf_buffer_lost_fn)(void* ctx, int cpu, __u64 cnt)
func (a *perfAPI) new(fd int, sample, lost, context uintptr) (buffer uintptr) {
	const pages, options = 0, 0 // any other number of pages is refused: the map determines the size
	r, _, _ := syscall.SyscallN(a.create, uintptr(fd), pages, sample, lost, context, options)
	return r
}

// poll calls the callbacks for the records that are there; if there are none, for those that come within so many milliseconds.
//
//	int perf_buffer__poll(struct perf_buffer* pb, int timeout_ms)
func (a *perfAPI) poll(buffer uintptr, milliseconds int) error {
	r, _, _ := syscall.SyscallN(a.pollRecords, buffer, uintptr(milliseconds))
	if n := int32(r); n < 0 {
		return fmt.Errorf("perf_buffer__poll failed with errno %d", -n)
	}
	return nil
}

// free ends the reading. It must not be called while poll runs.
//
//	void perf_buffer__free(struct perf_buffer* pb)
func (a *perfAPI) free(buffer uintptr) { syscall.SyscallN(a.release, buffer) }

// result converts an ebpf_result_t (include/ebpf_result.h) to an error.
func result(call string, r uintptr) error {
	const accessDenied = 20 // EBPF_ACCESS_DENIED
	switch code := uint32(r); code {
	case 0:
		return nil
	case accessDenied:
		return fmt.Errorf("%s: EBPF_ACCESS_DENIED (%w)", call, windows.ERROR_ACCESS_DENIED)
	default:
		return fmt.Errorf("%s failed with ebpf_result_t %d", call, code)
	}
}
