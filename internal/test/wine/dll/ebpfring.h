/* SPDX-License-Identifier: Apache-2.0
 *
 * A ring buffer with the layout of eBPF for Windows: a page with the consumer's offset; a page with the producer's offset and, in a
 * perf event array, the count of lost records; and the data, which is mapped twice in a row. Here, every byte is written twice instead.
 */
#ifndef EBPFRING_H
#define EBPFRING_H

#include <windows.h>

#define PROCESSORS 4          /* of this "Windows"; a perf event array has a ring for each */
#define PAGE 4096
#define RECORD_HEADER 8       /* length and bits, and an offset that only the kernel uses */
#define RECORD_BUSY 0x80000000u
#define RECORD_DISCARD 0x40000000u
#define LOST_OFFSET 64        /* offset of the count of lost records in the producer's page */

typedef struct {
    SRWLOCK lock;             /* held by producers */
    ULONG size;               /* bytes of data, a power of two */
    volatile ULONGLONG *consumer, *producer, *lost;
    BYTE *data;               /* size bytes, twice */
    HANDLE wake;              /* the consumer's event, or NULL */
} ring;

static void init_ring(ring *r, ULONG size)
{
    BYTE *memory = VirtualAlloc(NULL, 2 * PAGE + 2 * (size_t)size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

    InitializeSRWLock(&r->lock);
    r->size = size;
    r->wake = NULL;
    r->consumer = (void *)memory;
    r->producer = (void *)(memory + PAGE);
    r->lost = (void *)(memory + PAGE + LOST_OFFSET);
    r->data = memory + 2 * PAGE;
}

/* set_wake makes the ring signal the caller's event, or none. The ring keeps a handle of its own, as the kernel does. */
static BOOL set_wake(ring *r, HANDLE event)
{
    HANDLE old, copy = NULL;

    if (event != INVALID_HANDLE_VALUE
        && !DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return FALSE;
    AcquireSRWLockExclusive(&r->lock);
    old = r->wake;
    r->wake = copy;
    ReleaseSRWLockExclusive(&r->lock);
    if (old) CloseHandle(old);
    return TRUE;
}

/* put copies n bytes to an offset of the ring, in both halves. */
static void put(ring *r, ULONGLONG offset, const void *bytes, ULONG n)
{
    ULONG at = (ULONG)(offset & (r->size - 1)), first = min(n, r->size - at);

    memcpy(r->data + at, bytes, n);
    memcpy(r->data + at + r->size, bytes, first);
    memcpy(r->data, (const BYTE *)bytes + first, n - first);
}

/* put_length publishes a record's length and bits. */
static void put_length(ring *r, ULONGLONG offset, ULONG length)
{
    ULONG at = (ULONG)(offset & (r->size - 1));

    __atomic_store_n((ULONG *)(r->data + at + r->size), length, __ATOMIC_SEQ_CST);
    __atomic_store_n((ULONG *)(r->data + at), length, __ATOMIC_SEQ_CST);
}

/* write_ring writes a record of n bytes. It returns FALSE if there is no room. The record's header contains length, which is n except for
 * a broken producer. The consumer is woken if it had read everything before, as on Linux. */
static BOOL write_ring(ring *r, ULONG length, const void *bytes, ULONG n)
{
    ULONG room = RECORD_HEADER + ((n + 7) & ~7u);
    ULONGLONG offset;
    BOOL fits;

    AcquireSRWLockExclusive(&r->lock);
    offset = *r->producer;
    fits = offset - __atomic_load_n(r->consumer, __ATOMIC_SEQ_CST) + room <= r->size;
    if (fits) {
        put_length(r, offset, n | RECORD_BUSY);
        __atomic_store_n(r->producer, offset + room, __ATOMIC_SEQ_CST);
        put(r, offset + RECORD_HEADER, bytes, n);
        put_length(r, offset, length);
        if (r->wake && !(length & RECORD_BUSY) && __atomic_load_n(r->consumer, __ATOMIC_SEQ_CST) == offset) SetEvent(r->wake);
    }
    ReleaseSRWLockExclusive(&r->lock);
    return fits;
}

/* lose counts records that did not fit. */
static void lose(ring *r, ULONGLONG n)
{
    __atomic_fetch_add(r->lost, n, __ATOMIC_SEQ_CST);
}

#endif
