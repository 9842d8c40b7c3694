/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of perf event arrays in ebpfapi.dll, with libbpf's names. Only poll and consume call the callbacks. Losses come before
 * records, and an incomplete record ends the reading of a ring.
 */
#ifndef PERFBUFFER_H
#define PERFBUFFER_H

#include "datapath.h"

typedef void (*sample_callback)(void *context, int processor, void *data, UINT32 size);
typedef void (*lost_callback)(void *context, int processor, UINT64 count);

struct perf_buffer {
    map *map;
    sample_callback sample;
    lost_callback lost;
    void *context;
    HANDLE wake;              /* one for all rings, with manual reset */
    ULONGLONG seen[PROCESSORS]; /* losses that were reported */
};

struct perf_buffer *perf_buffer__new(int fd, size_t pages, sample_callback sample, lost_callback lost, void *context, const void *options)
{
    map *m = find_map(fd);
    struct perf_buffer *p;
    ULONG i;

    if (fault("perf_buffer__new") || !m || m->type != TYPE_PERF || pages || !sample || !lost) return NULL;
    p = calloc(1, sizeof(*p));
    p->map = m;
    p->sample = sample;
    p->lost = lost;
    p->context = context;
    p->wake = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (i = 0; i < m->ring_count; i++) {
        set_wake(&m->rings[i], p->wake);
        p->seen[i] = *m->rings[i].lost; /* earlier losses are not reported */
    }
    start_datapath(m);
    return p;
}

void perf_buffer__free(struct perf_buffer *p)
{
    ULONG i;

    if (!p) return;
    for (i = 0; i < p->map->ring_count; i++) set_wake(&p->map->rings[i], INVALID_HANDLE_VALUE);
    CloseHandle(p->wake);
    free(p);
}

size_t perf_buffer__buffer_cnt(const struct perf_buffer *p) { return p ? p->map->ring_count : 0; }

/* consume_ring delivers the records of a ring, including those that its producer adds meanwhile. */
static int consume_ring(struct perf_buffer *p, int processor)
{
    ring *r = &p->map->rings[processor];
    ULONGLONG lost = __atomic_load_n(r->lost, __ATOMIC_SEQ_CST), offset = *r->consumer;
    int count = 0;

    if (lost != p->seen[processor]) p->lost(p->context, processor, lost - p->seen[processor]);
    p->seen[processor] = lost;
    while (offset < __atomic_load_n(r->producer, __ATOMIC_SEQ_CST)) {
        BYTE *record = r->data + (offset & (r->size - 1));
        ULONG length = __atomic_load_n((ULONG *)record, __ATOMIC_SEQ_CST), size = length & ~(RECORD_BUSY | RECORD_DISCARD);

        if (length & RECORD_BUSY) break;
        if (!(length & RECORD_DISCARD)) {
            p->sample(p->context, processor, record + RECORD_HEADER, size);
            count++;
        }
        offset += RECORD_HEADER + ((size + 7) & ~7u);
        __atomic_store_n(r->consumer, offset, __ATOMIC_SEQ_CST);
    }
    return count;
}

int perf_buffer__consume(struct perf_buffer *p)
{
    ULONG i;
    int count = 0;

    if (!p) return -22; /* EINVAL */
    for (i = 0; i < p->map->ring_count; i++) count += consume_ring(p, i);
    return count;
}

int perf_buffer__poll(struct perf_buffer *p, int milliseconds)
{
    int error = (int)fault("perf_buffer__poll"), count;

    if (!p || error) return -(error ? error : 22);
    ResetEvent(p->wake);
    if ((count = perf_buffer__consume(p)) || !milliseconds) return count;
    if (WaitForSingleObject(p->wake, milliseconds < 0 ? INFINITE : (DWORD)milliseconds) != WAIT_OBJECT_0) return 0;
    return perf_buffer__consume(p);
}

#endif
