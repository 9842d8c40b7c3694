/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the events of an .etl file that the project's writer made: buffers of equal size, each with a WMI_BUFFER_HEADER of 72 bytes and
 * events of the EVENT_HEADER kind. The first buffer describes the file. Time stamps of the performance counter are converted to FILETIME;
 * those of the system time are FILETIME already.
 */
#ifndef ETLFILE_H
#define ETLFILE_H

#include <stdlib.h>
#include <windows.h>
#include <evntrace.h>
#include <evntcons.h>

#define BUFFER_HEADER 72      /* sizeof(WMI_BUFFER_HEADER) */
#define SYSTEM_HEADER 32      /* sizeof(SYSTEM_TRACE_HEADER), in front of the file's TRACE_LOGFILE_HEADER */
#define HEADER_TYPE32 0x12    /* EVENT_HEADER.HeaderType in a buffer */
#define HEADER_TYPE64 0x13
#define EVENT_MARKER 0xC0     /* the byte after it */
#define CLOCK_QPC 1

typedef struct {
    EVENT_HEADER **events;    /* each followed by its extended and user data, Size bytes in all */
    ULONG count;
} etl_file;

static ULONG align8(ULONG n) { return (n + 7) & ~7u; }

/* read_all reads a file into memory that is never freed. */
static BYTE *read_all(const WCHAR *path, ULONG *size)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    BYTE *data;

    if (file == INVALID_HANDLE_VALUE) return NULL;
    *size = GetFileSize(file, NULL);
    data = malloc(*size + 1);
    if (data && !ReadFile(file, data, *size, size, NULL)) data = NULL;
    if (data) data[*size] = 0;
    CloseHandle(file);
    return data;
}

/* filetime converts a time stamp with the clock of the file's header, rounding down. */
static LONGLONG filetime(const TRACE_LOGFILE_HEADER *h, LONGLONG base, LONGLONG stamp)
{
    LONGLONG ticks = stamp - base, freq = h->PerfFreq.QuadPart;

    if (h->ReservedFlags != CLOCK_QPC) return stamp;
    return h->StartTime.QuadPart + ticks / freq * 10000000 + ticks % freq * 10000000 / freq;
}

/* by_time compares two events of one file: by time, then by their place in the file. */
static int by_time(const void *a, const void *b)
{
    const EVENT_HEADER *x = *(EVENT_HEADER *const *)a, *y = *(EVENT_HEADER *const *)b;

    if (x->TimeStamp.QuadPart != y->TimeStamp.QuadPart) return x->TimeStamp.QuadPart < y->TimeStamp.QuadPart ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* read_etl adds the file's events to f in time order, as a session delivers the events of several processors. */
static BOOL read_etl(const WCHAR *path, etl_file *f)
{
    ULONG size, at, buffer, first = f->count;
    BYTE *data = read_all(path, &size);
    const TRACE_LOGFILE_HEADER *head;
    LONGLONG base;

    if (!data || size < BUFFER_HEADER + SYSTEM_HEADER + sizeof(*head)) return FALSE;
    head = (TRACE_LOGFILE_HEADER *)(data + BUFFER_HEADER + SYSTEM_HEADER);
    base = *(LONGLONG *)(data + BUFFER_HEADER + 16);
    for (buffer = 0; buffer + BUFFER_HEADER <= size; buffer += head->BufferSize) {
        ULONG used = *(ULONG *)(data + buffer + 4);

        for (at = BUFFER_HEADER; at + sizeof(EVENT_HEADER) <= used && buffer + used <= size;) {
            EVENT_HEADER *h = (EVENT_HEADER *)(data + buffer + at);
            BYTE type = (BYTE)h->HeaderType, marker = (BYTE)(h->HeaderType >> 8);

            if (marker != EVENT_MARKER || (type != HEADER_TYPE32 && type != HEADER_TYPE64)) break; /* an event of the file itself */
            if (h->Size < sizeof(*h)) return FALSE;
            h->TimeStamp.QuadPart = filetime(head, base, h->TimeStamp.QuadPart);
            f->events = realloc(f->events, (f->count + 1) * sizeof(*f->events));
            f->events[f->count++] = h;
            at += align8(h->Size);
        }
        if (!head->BufferSize) return FALSE;
    }
    qsort(f->events + first, f->count - first, sizeof(*f->events), by_time);
    return TRUE;
}

#endif
