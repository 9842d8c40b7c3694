/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumer's side of ETW: OpenTrace, ProcessTrace and CloseTrace, and the thread that plays the providers.
 */
#ifndef CONSUMER_H
#define CONSUMER_H

#include "buffers.h"
#include "environment.h"

#define CONSUMERS 64

typedef struct {
    BOOL open, processing;
    BOOL ready;               /* the pool exists; set and read under consumers_lock */
    volatile BOOL closing;    /* CloseTrace was called */
    volatile BOOL finished;   /* ProcessTrace is about to return */
    ULONG opened;             /* counts the consumers that have used this entry */
    EVENT_TRACE_LOGFILEW logfile;
    session *session;
    ULONG generation;
    pool pool;
} consumer;

static consumer consumers[CONSUMERS];
static SRWLOCK consumers_lock = SRWLOCK_INIT;

/* A consumer's handle is its entry and the entry's count of uses, so that handles are unique. */
static TRACEHANDLE consumer_handle(const consumer *c) { return ((TRACEHANDLE)c->opened << 16) | (c - consumers + 1); }

static consumer *find_consumer(TRACEHANDLE handle)
{
    ULONG i = (ULONG)(handle & 0xFFFF) - 1;

    return i < CONSUMERS && consumers[i].open && consumer_handle(&consumers[i]) == handle ? &consumers[i] : NULL;
}

TRACEHANDLE WMIAPI OpenTraceW(PEVENT_TRACE_LOGFILEW logfile)
{
    TRACEHANDLE handle = INVALID_PROCESSTRACE_HANDLE;
    ULONG error = fault("OpenTraceW"), i;
    session *s = NULL;

    if (!error && (!logfile || !logfile->LoggerName || !(logfile->ProcessTraceMode & PROCESS_TRACE_MODE_REAL_TIME)
                   || !(logfile->ProcessTraceMode & PROCESS_TRACE_MODE_EVENT_RECORD) || !logfile->EventRecordCallback))
        error = ERROR_INVALID_PARAMETER;
    if (!error && open_table()) {
        s = find_session(logfile->LoggerName, 0);
        close_table();
    }
    if (!error && !s) error = ERROR_WMI_INSTANCE_NOT_FOUND;
    AcquireSRWLockExclusive(&consumers_lock);
    for (i = 0; !error && i < CONSUMERS; i++) {
        consumer *c = &consumers[i];

        if (c->open) continue;
        c->open = TRUE;
        c->processing = c->closing = c->finished = FALSE;
        c->opened++;
        c->logfile = *logfile;
        c->session = s;
        c->generation = s->generation;
        handle = consumer_handle(c);
        break;
    }
    ReleaseSRWLockExclusive(&consumers_lock);
    if (!error && handle == INVALID_PROCESSTRACE_HANDLE) error = ERROR_NO_SYSTEM_RESOURCES;
    SetLastError(error ? error : env_number("WINDOWSTEST_LAST_ERROR", 0));
    return handle;
}

ULONG WMIAPI CloseTrace(TRACEHANDLE handle)
{
    ULONG error = ERROR_SUCCESS;
    consumer *c;

    AcquireSRWLockExclusive(&consumers_lock);
    if (!(c = find_consumer(handle))) {
        error = ERROR_INVALID_HANDLE;
    } else if (c->processing) {
        c->closing = TRUE; /* ProcessTrace frees it when it returns */
        error = ERROR_CTX_CLOSE_PENDING;
    } else {
        c->open = FALSE;
    }
    ReleaseSRWLockExclusive(&consumers_lock);
    return error;
}

/* deliver calls the consumer with an event and its extended data items. */
static void deliver(consumer *c, const EVENT_HEADER *h, void *data, USHORT size, EVENT_HEADER_EXTENDED_DATA_ITEM *items, USHORT count)
{
    EVENT_RECORD record;

    memset(&record, 0, sizeof(record));
    record.EventHeader = *h;
    record.BufferContext.LoggerId = (USHORT)(c->session - table + 1);
    record.UserData = size ? data : NULL;
    record.UserDataLength = size;
    record.ExtendedData = count ? items : NULL;
    record.ExtendedDataCount = count;
    record.UserContext = c->logfile.Context;
    c->logfile.EventRecordCallback(&record);
}

/* deliver_notice calls the consumer with an event of ETW about the session. */
static void deliver_notice(consumer *c, const GUID *provider, UCHAR opcode)
{
    EVENT_HEADER h;

    memset(&h, 0, sizeof(h));
    h.Size = sizeof(h);
    h.Flags = EVENT_HEADER_FLAG_CLASSIC_HEADER;
    h.ProviderId = *provider;
    h.EventDescriptor.Opcode = opcode;
    GetSystemTimeAsFileTime((FILETIME *)&h.TimeStamp);
    deliver(c, &h, NULL, 0, NULL, 0);
}

#define ITEMS 8       /* more than any event has */
#define ITEM_HEADER 8 /* an item in a buffer: reserved, type, linkage and size, 16 bits each, then its data */

/* extended reads the items after a header. It keeps the SID only if the session asked for it. It returns the number of items, and moves
 * data to what follows them. */
static USHORT extended(const consumer *c, const EVENT_HEADER *h, EVENT_HEADER_EXTENDED_DATA_ITEM *items, BYTE **data, USHORT *size)
{
    BOOL more = (h->Flags & EVENT_HEADER_FLAG_EXTENDED_INFO) != 0;
    USHORT count = 0;

    while (more && *size >= ITEM_HEADER) {
        const USHORT *item = (const USHORT *)*data;
        ULONG whole = align8(ITEM_HEADER + item[3]);

        if (whole > *size) break;
        if (count < ITEMS && (item[1] != EVENT_HEADER_EXT_TYPE_SID || asks_sid(c->session, &h->ProviderId))) {
            memset(&items[count], 0, sizeof(items[count]));
            items[count].ExtType = item[1];
            items[count].DataSize = item[3];
            items[count++].DataPtr = (ULONGLONG)(ULONG_PTR)(*data + ITEM_HEADER);
        }
        more = item[2] & 1;
        *data += whole;
        *size -= (USHORT)whole;
    }
    return count;
}

static void deliver_buffer(consumer *c, buffer *b)
{
    EVENT_HEADER_EXTENDED_DATA_ITEM items[ITEMS];
    ULONG at;

    for (at = 0; at < b->used;) {
        EVENT_HEADER *h = (EVENT_HEADER *)(b->data + at), header = *h;
        BYTE *data = (BYTE *)(h + 1);
        USHORT size = h->Size - sizeof(*h), count = extended(c, h, items, &data, &size);

        if (!count) header.Flags &= ~EVENT_HEADER_FLAG_EXTENDED_INFO;
        deliver(c, &header, data, size, items, count);
        at += align8(h->Size);
    }
}

/* The opcodes of RT_LostEvent: what is lost. */
enum { LOST_EVENT = 32, LOST_BUFFER = 33, LOST_FILE = 34 };

static void tell_lost(consumer *c, UCHAR opcode)
{
    static const GUID lost_event = {0x6a399ae0, 0x4bc6, 0x4de9, {0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e}};

    deliver_notice(c, &lost_event, opcode);
}

/* recorded reads the files of WINDOWSTEST_ETL, once for each list. */
static const etl_file *recorded(void)
{
    static WCHAR loaded[4096];
    static etl_file file;
    WCHAR list[4096] = L"", *path;

    GetEnvironmentVariableW(L"WINDOWSTEST_ETL", list, 4096);
    if (lstrcmpW(loaded, list)) {
        memset(&file, 0, sizeof(file));
        lstrcpyW(loaded, list);
        for (path = wcstok(list, L";"); path; path = wcstok(NULL, L";"))
            if (!read_etl(path, &file)) fprintf(stderr, "windowstest: cannot read %ls\n", path);
    }
    return &file;
}

/* play is the providers' thread: it writes the recorded events into the session until the session ends. */
static DWORD WINAPI play(void *argument)
{
    consumer *c = argument;
    pool *p = &c->pool;
    const etl_file *file = recorded();
    ULONG repeat = env_number("WINDOWSTEST_REPEAT", 1), rate = env_number("WINDOWSTEST_RATE", 0), round, i;
    BOOL can_wait = env_number("WINDOWSTEST_WAIT", 0), now = env_number("WINDOWSTEST_NOW", 0);
    ULONGLONG began = GetTickCount64(), written = 0, wait = began + env_number("WINDOWSTEST_DELAY", 0);

    while (GetTickCount64() < wait && !c->finished && running(p)) doze();
    for (round = 0; !repeat || round < repeat; round++) {
        if (!file->count) break;
        for (i = 0; i < file->count; i++) {
            if (c->finished || !running(p)) return 0;
            if (!wants(p->session, file->events[i])) continue;
            if (now) GetSystemTimePreciseAsFileTime((FILETIME *)&file->events[i]->TimeStamp);
            while (!write_event(p, file->events[i], can_wait)) {
                if (c->finished || !running(p)) return 0;
                doze();
            }
            written++;
            while (rate && written * 1000 / rate > GetTickCount64() - began && !c->finished && running(p)) doze();
        }
    }
    return 0;
}

ULONG WMIAPI ProcessTrace(PTRACEHANDLE handles, ULONG count, LPFILETIME from, LPFILETIME to)
{
    static const GUID header = {0x68fdd900, 0x4a3e, 0x11d1, {0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3}};
    const DWORD wait = 10; /* ms */
    ULONG error = fault("ProcessTrace"), idle = 0, lose = env_number("WINDOWSTEST_LOSE_BUFFERS", 0), buffers = 0;
    HANDLE player = NULL;
    BOOL ended = FALSE, more = TRUE;
    consumer *c = NULL;
    buffer *b;

    if (!handles || count != 1 || from || to) return ERROR_INVALID_PARAMETER;
    AcquireSRWLockExclusive(&consumers_lock);
    if ((c = find_consumer(*handles)) && !c->processing) c->processing = TRUE;
    else if (!error) error = ERROR_INVALID_HANDLE;
    ReleaseSRWLockExclusive(&consumers_lock);
    if (!c) return error;
    if (!error) {
        init_pool(&c->pool, c->session);
        c->pool.generation = c->generation;
        AcquireSRWLockExclusive(&consumers_lock);
        c->ready = TRUE;
        ReleaseSRWLockExclusive(&consumers_lock);
        deliver_notice(c, &header, 0);
        if (env_number("WINDOWSTEST_LOSE_FILE", 0)) tell_lost(c, LOST_FILE);
        player = CreateThread(NULL, 0, play, c, 0, NULL);
        while (more && !c->closing) {
            BOOL timer = ++idle * wait >= c->session->properties.FlushTimer * 1000;

            if (!ended && !running(&c->pool)) { /* stopped: the events in its buffers are still delivered */
                ended = TRUE;
                WaitForSingleObject(player, INFINITE);
            }
            if (take_lost(&c->pool)) tell_lost(c, LOST_EVENT);
            if (!(b = next_buffer(&c->pool, ended ? 0 : wait, ended || timer))) {
                more = !ended;
                continue;
            }
            idle = 0;
            if (lose && ++buffers % lose == 0) {
                give_back(&c->pool, b, &c->session->properties.RealTimeBuffersLost);
                tell_lost(c, LOST_BUFFER);
                continue;
            }
            deliver_buffer(c, b);
            give_back(&c->pool, b, &c->session->properties.BuffersWritten);
            if (c->logfile.BufferCallback && !c->logfile.BufferCallback(&c->logfile)) more = FALSE;
        }
        c->finished = TRUE;
        WaitForSingleObject(player, INFINITE);
        CloseHandle(player);
        AcquireSRWLockExclusive(&consumers_lock);
        c->ready = FALSE;
        ReleaseSRWLockExclusive(&consumers_lock);
        free_pool(&c->pool);
    }
    AcquireSRWLockExclusive(&consumers_lock);
    c->processing = FALSE;
    if (c->closing) c->open = FALSE;
    ReleaseSRWLockExclusive(&consumers_lock);
    return error;
}

/* await_consumers waits until each consumer of a running session processes it: this "Windows" keeps no events for one that begins later. */
static void await_consumers(void)
{
    ULONGLONG end = GetTickCount64() + 5000;
    BOOL waits = TRUE;
    ULONG i;

    while (waits && GetTickCount64() < end) {
        waits = FALSE;
        AcquireSRWLockShared(&consumers_lock);
        for (i = 0; i < CONSUMERS; i++) {
            const consumer *c = &consumers[i];

            if (c->open && !c->ready && !c->closing && !c->finished && c->session->running && c->session->generation == c->generation) waits = TRUE;
        }
        ReleaseSRWLockShared(&consumers_lock);
        if (waits) doze();
    }
}

/* write_to_consumers writes an event into every session that wants it and that this process consumes. */
static void write_to_consumers(const EVENT_HEADER *h)
{
    ULONG i;

    await_consumers();
    AcquireSRWLockShared(&consumers_lock);
    for (i = 0; i < CONSUMERS; i++) {
        consumer *c = &consumers[i];

        if (c->open && c->ready && running(&c->pool) && wants(c->session, h)) write_event(&c->pool, h, FALSE);
    }
    ReleaseSRWLockShared(&consumers_lock);
}

#endif
