/* SPDX-License-Identifier: Apache-2.0
 *
 * The ETW half of advapi32.dll for Wine, which has none. Everything else is forwarded to Wine's own advapi32.
 *
 * A session gets its events when a consumer opens it: the .etl files of WINDOWSTEST_ETL (a list, by ';') are written into its
 * buffers by the providers that it has enabled, WINDOWSTEST_REPEAT times (default 1, 0: without end), at WINDOWSTEST_RATE
 * events a second (default 0: as fast as it goes). WINDOWSTEST_FAIL makes calls fail: "StartTraceW=5,OpenTraceW=5" (errors of
 * Windows by number). WINDOWSTEST_STRIP is a mask of LogFileMode bits that this "Windows" does not grant, WINDOWSTEST_LAST_ERROR
 * what OpenTraceW leaves as the last error although it worked.
 */
#define _WMI_SOURCE_          /* declare the functions below as ours, not as imported */
#define _ADVAPI32_
#include <stdio.h>
#include <string.h>
#include "buffers.h"

static ULONG env_number(const char *name, ULONG otherwise)
{
    char text[32];

    return GetEnvironmentVariableA(name, text, sizeof(text)) ? strtoul(text, NULL, 0) : otherwise;
}

/* fault gives the error that WINDOWSTEST_FAIL wants of a call, or 0. */
static ULONG fault(const char *call)
{
    char list[512], *item;
    size_t n = strlen(call);

    if (!GetEnvironmentVariableA("WINDOWSTEST_FAIL", list, sizeof(list))) return 0;
    for (item = strtok(list, ","); item; item = strtok(NULL, ","))
        if (!strncmp(item, call, n) && item[n] == '=') return strtoul(item + n + 1, NULL, 0);
    return 0;
}

/* --- the controller's side ----------------------------------------------------------------------------------------- */

ULONG WMIAPI StartTraceW(PTRACEHANDLE handle, LPCWSTR name, PEVENT_TRACE_PROPERTIES p)
{
    ULONG error = fault("StartTraceW"), processors = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS), i;

    if (error) return error;
    if (!handle || !name || !p) return ERROR_INVALID_PARAMETER;
    if (p->Wnode.BufferSize < sizeof(*p) + (lstrlenW(name) + 1) * sizeof(WCHAR)) return ERROR_BAD_LENGTH;
    if (p->LoggerNameOffset < sizeof(*p)) return ERROR_INVALID_PARAMETER; /* Wnode.Flags are documented, and not looked at */
    if (lstrlenW(name) >= SESSION_NAME || p->BufferSize > 16384) return ERROR_INVALID_PARAMETER;
    if (!open_table()) return ERROR_GEN_FAILURE;
    error = ERROR_NO_SYSTEM_RESOURCES;
    for (i = 0; i < SESSIONS; i++) {
        session *s = &table[i];
        ULONG generation = s->generation + 1;
        EVENT_TRACE_PROPERTIES *q = &s->properties;

        if (find_session(name, 0)) {
            error = ERROR_ALREADY_EXISTS;
            break;
        }
        if (s->running) continue;
        memset(s, 0, sizeof(*s));
        s->running = TRUE;
        s->generation = generation;
        lstrcpyW(s->name, name);
        *q = *p;
        q->Wnode.HistoricalContext = i + 1;
        q->LogFileMode &= ~env_number("WINDOWSTEST_STRIP", 0);
        if (!q->BufferSize) q->BufferSize = 64;
        q->MinimumBuffers = max(q->MinimumBuffers, 2 * processors);
        q->MaximumBuffers = q->MaximumBuffers ? max(q->MaximumBuffers, q->MinimumBuffers) : q->MinimumBuffers + 20;
        if (!q->FlushTimer) q->FlushTimer = 1;
        q->NumberOfBuffers = q->FreeBuffers = q->MinimumBuffers;
        q->EventsLost = q->BuffersWritten = q->LogBuffersLost = q->RealTimeBuffersLost = 0;
        *handle = p->Wnode.HistoricalContext = i + 1;
        error = ERROR_SUCCESS;
        break;
    }
    close_table();
    return error;
}

/* describe writes a session's properties and name to the caller's structure, whose size and offsets stay. */
static ULONG describe(const session *s, PEVENT_TRACE_PROPERTIES p)
{
    ULONG size = p->Wnode.BufferSize, name = p->LoggerNameOffset, file = p->LogFileNameOffset;
    ULONG need = (lstrlenW(s->name) + 1) * sizeof(WCHAR);

    if (name && name + need > size) return ERROR_MORE_DATA;
    *p = s->properties;
    p->Wnode.BufferSize = size;
    p->LoggerNameOffset = name;
    p->LogFileNameOffset = file;
    if (name) memcpy((BYTE *)p + name, s->name, need);
    if (file && file + sizeof(WCHAR) <= size) *(WCHAR *)((BYTE *)p + file) = 0;
    return ERROR_SUCCESS;
}

ULONG WMIAPI ControlTraceW(TRACEHANDLE handle, LPCWSTR name, PEVENT_TRACE_PROPERTIES p, ULONG code)
{
    ULONG error = fault(code == EVENT_TRACE_CONTROL_STOP ? "ControlTraceW:STOP" : "ControlTraceW");
    session *s;

    if (error) return error;
    if (!p || p->Wnode.BufferSize < sizeof(*p)) return ERROR_BAD_LENGTH;
    if (code > EVENT_TRACE_CONTROL_FLUSH) return ERROR_INVALID_PARAMETER;
    if (!open_table()) return ERROR_GEN_FAILURE;
    s = find_session(handle ? NULL : name, handle);
    if (!s) {
        error = ERROR_WMI_INSTANCE_NOT_FOUND;
    } else {
        if (code == EVENT_TRACE_CONTROL_STOP) s->running = FALSE; /* even when the description does not fit */
        error = describe(s, p);
    }
    close_table();
    return error;
}

ULONG WMIAPI QueryAllTracesW(PEVENT_TRACE_PROPERTIES *all, ULONG room, PULONG count)
{
    ULONG i;

    if (!all || !room || !count) return ERROR_INVALID_PARAMETER;
    if (!open_table()) return ERROR_GEN_FAILURE;
    for (*count = i = 0; i < SESSIONS; i++) {
        if (!table[i].running) continue;
        if (*count < room) describe(&table[i], all[*count]);
        ++*count;
    }
    close_table();
    return *count > room ? ERROR_MORE_DATA : ERROR_SUCCESS;
}

ULONG WMIAPI EnableTraceEx2(TRACEHANDLE handle, LPCGUID provider, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                            ULONG timeout, PENABLE_TRACE_PARAMETERS parameters)
{
    ULONG error = fault("EnableTraceEx2"), i;
    session *s;

    if (error) return error;
    if (!provider || code > EVENT_CONTROL_CODE_CAPTURE_STATE) return ERROR_INVALID_PARAMETER;
    if (!open_table()) return ERROR_GEN_FAILURE;
    if (!(s = find_session(NULL, handle))) {
        close_table();
        return ERROR_INVALID_PARAMETER;
    }
    for (i = 0; i < s->provider_count && !IsEqualGUID(&s->providers[i].guid, provider); i++) continue;
    if (code == EVENT_CONTROL_CODE_DISABLE_PROVIDER) {
        if (i < s->provider_count) s->providers[i] = s->providers[--s->provider_count];
    } else if (code == EVENT_CONTROL_CODE_ENABLE_PROVIDER) {
        if (i == SESSION_PROVIDERS) {
            error = ERROR_NO_SYSTEM_RESOURCES;
        } else {
            enabled_provider e = {*provider, level, parameters ? parameters->EnableProperty : 0, any, all};

            s->providers[i] = e;
            if (i == s->provider_count) s->provider_count++;
        }
    }
    close_table();
    return error;
}

/* list_guids gives every provider that some session has enabled, each once. */
static ULONG list_guids(GUID *list)
{
    ULONG n = 0, i, j, k;

    for (i = 0; i < SESSIONS; i++)
        for (j = 0; table[i].running && j < table[i].provider_count; j++) {
            for (k = 0; k < n && !IsEqualGUID(&list[k], &table[i].providers[j].guid); k++) continue;
            if (k == n) list[n++] = table[i].providers[j].guid;
        }
    return n;
}

/* guid_info describes one provider: no process has registered it here, these sessions have enabled it. */
static ULONG guid_info(const GUID *provider, BYTE *out)
{
    TRACE_GUID_INFO *info = (TRACE_GUID_INFO *)out;
    TRACE_PROVIDER_INSTANCE_INFO *instance = (TRACE_PROVIDER_INSTANCE_INFO *)(info + 1);
    TRACE_ENABLE_INFO *enable = (TRACE_ENABLE_INFO *)(instance + 1);
    ULONG i, j;

    memset(info, 0, sizeof(*info) + sizeof(*instance));
    info->InstanceCount = 1;
    instance->Flags = TRACE_PROVIDER_FLAG_PRE_ENABLE;
    for (i = 0; i < SESSIONS; i++)
        for (j = 0; table[i].running && j < table[i].provider_count; j++) {
            const enabled_provider *p = &table[i].providers[j];

            if (!IsEqualGUID(&p->guid, provider)) continue;
            memset(enable, 0, sizeof(*enable));
            enable->IsEnabled = TRUE;
            enable->Level = p->level;
            enable->LoggerId = (USHORT)(i + 1);
            enable->EnableProperty = p->property;
            enable->MatchAnyKeyword = p->any;
            enable->MatchAllKeyword = p->all;
            instance->EnableCount++;
            enable++;
        }
    return instance->EnableCount ? (ULONG)((BYTE *)enable - out) : 0;
}

ULONG WMIAPI EnumerateTraceGuidsEx(TRACE_QUERY_INFO_CLASS class, PVOID in, ULONG in_size, PVOID out, ULONG out_size, PULONG size)
{
    ULONG error = fault("EnumerateTraceGuidsEx");
    BYTE *all;

    if (error) return error;
    if (!size || (class != TraceGuidQueryList && class != TraceGuidQueryInfo)) return ERROR_INVALID_PARAMETER;
    if (class == TraceGuidQueryInfo && (!in || in_size < sizeof(GUID))) return ERROR_INVALID_PARAMETER;
    if (!(all = malloc(SESSIONS * SESSION_PROVIDERS * sizeof(TRACE_ENABLE_INFO)))) return ERROR_OUTOFMEMORY;
    if (!open_table()) return ERROR_GEN_FAILURE;
    *size = class == TraceGuidQueryList ? list_guids((GUID *)all) * sizeof(GUID) : guid_info(in, all);
    close_table();
    if (class == TraceGuidQueryInfo && !*size) error = ERROR_WMI_GUID_NOT_FOUND;
    else if (*size > out_size) error = ERROR_INSUFFICIENT_BUFFER;
    else memcpy(out, all, *size);
    free(all);
    return error;
}

/* --- the consumer's side ------------------------------------------------------------------------------------------- */

#define CONSUMERS 64

typedef struct {
    BOOL open, processing;
    volatile BOOL closing;    /* CloseTrace was called */
    volatile BOOL finished;   /* ProcessTrace is about to return */
    ULONG opened;             /* counts the consumers that have had this place */
    EVENT_TRACE_LOGFILEW logfile;
    session *session;
    ULONG generation;
    pool pool;
} consumer;

static consumer consumers[CONSUMERS];
static SRWLOCK consumers_lock = SRWLOCK_INIT;

/* A consumer's handle is its place and how often that was taken, so that no handle comes twice. */
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

/* deliver calls the consumer with one event. */
static void deliver(consumer *c, const EVENT_HEADER *h, void *data, USHORT size)
{
    EVENT_RECORD record;

    memset(&record, 0, sizeof(record));
    record.EventHeader = *h;
    record.BufferContext.LoggerId = (USHORT)(c->session - table + 1);
    record.UserData = size ? data : NULL;
    record.UserDataLength = size;
    record.UserContext = c->logfile.Context;
    c->logfile.EventRecordCallback(&record);
}

/* deliver_notice calls the consumer with what ETW itself says of the session. */
static void deliver_notice(consumer *c, const GUID *provider, UCHAR opcode)
{
    EVENT_HEADER h;

    memset(&h, 0, sizeof(h));
    h.Size = sizeof(h);
    h.Flags = EVENT_HEADER_FLAG_CLASSIC_HEADER;
    h.ProviderId = *provider;
    h.EventDescriptor.Opcode = opcode;
    GetSystemTimeAsFileTime((FILETIME *)&h.TimeStamp);
    deliver(c, &h, NULL, 0);
}

static void deliver_buffer(consumer *c, buffer *b)
{
    ULONG at;

    for (at = 0; at < b->used;) {
        EVENT_HEADER *h = (EVENT_HEADER *)(b->data + at);

        deliver(c, h, h + 1, h->Size - sizeof(*h));
        at += align8(h->Size);
    }
}

/* recorded reads the files of WINDOWSTEST_ETL once a list of files. */
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

/* play is the providers' thread: it writes the recorded events into the session until that ends. */
static DWORD WINAPI play(void *argument)
{
    consumer *c = argument;
    pool *p = &c->pool;
    const etl_file *file = recorded();
    ULONG repeat = env_number("WINDOWSTEST_REPEAT", 1), rate = env_number("WINDOWSTEST_RATE", 0), round, i;
    ULONGLONG began = GetTickCount64(), written = 0;

    for (round = 0; !repeat || round < repeat; round++) {
        if (!file->count) break;
        for (i = 0; i < file->count; i++) {
            if (c->finished || !running(p)) return 0;
            if (!wants(p->session, file->events[i])) continue;
            write_event(p, file->events[i]);
            written++;
            while (rate && written * 1000 / rate > GetTickCount64() - began && !c->finished && running(p)) Sleep(1);
        }
    }
    return 0;
}

ULONG WMIAPI ProcessTrace(PTRACEHANDLE handles, ULONG count, LPFILETIME from, LPFILETIME to)
{
    static const GUID header = {0x68fdd900, 0x4a3e, 0x11d1, {0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3}};
    static const GUID lost_event = {0x6a399ae0, 0x4bc6, 0x4de9, {0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e}};
    const UCHAR lost_opcode = 32;
    const DWORD wait = 10; /* ms */
    ULONG error = fault("ProcessTrace"), idle = 0;
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
        deliver_notice(c, &header, 0);
        player = CreateThread(NULL, 0, play, c, 0, NULL);
        while (more && !c->closing) {
            BOOL timer = ++idle * wait >= c->session->properties.FlushTimer * 1000;

            if (!ended && !running(&c->pool)) { /* stopped: what its buffers hold still comes */
                ended = TRUE;
                WaitForSingleObject(player, INFINITE);
            }
            if (take_lost(&c->pool)) deliver_notice(c, &lost_event, lost_opcode);
            if (!(b = next_buffer(&c->pool, ended ? 0 : wait, ended || timer))) {
                more = !ended;
                continue;
            }
            idle = 0;
            deliver_buffer(c, b);
            give_back(&c->pool, b);
            if (c->logfile.BufferCallback && !c->logfile.BufferCallback(&c->logfile)) more = FALSE;
        }
        c->finished = TRUE;
        WaitForSingleObject(player, INFINITE);
        CloseHandle(player);
        free_pool(&c->pool);
    }
    AcquireSRWLockExclusive(&consumers_lock);
    c->processing = FALSE;
    if (c->closing) c->open = FALSE;
    ReleaseSRWLockExclusive(&consumers_lock);
    return error;
}

/* --- services ------------------------------------------------------------------------------------------------------ */

/* Wine waits 10 s for a service control manager before it says that a program is no service. Say so at once, except to
 * Wine's own services. */
BOOL WINAPI StartServiceCtrlDispatcherW(const SERVICE_TABLE_ENTRYW *services)
{
    WCHAR program[MAX_PATH];
    BOOL (WINAPI *wine)(const SERVICE_TABLE_ENTRYW *);

    GetModuleFileNameW(NULL, program, MAX_PATH);
    program[lstrlenW(L"C:\\windows\\")] = 0;
    if (lstrcmpiW(program, L"C:\\windows\\")) {
        SetLastError(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT);
        return FALSE;
    }
    wine = (void *)GetProcAddress(LoadLibraryA("advapi32_wine.dll"), "StartServiceCtrlDispatcherW");
    return wine && wine(services);
}
