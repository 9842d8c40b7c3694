/* SPDX-License-Identifier: Apache-2.0
 *
 * The ETW functions of advapi32.dll, which Wine does not have. Everything else is forwarded to Wine's own advapi32.
 *
 * A session gets its events when a consumer opens it. Its enabled providers write the events of the .etl files in WINDOWSTEST_ETL (a
 * list, separated by ';') into its buffers, WINDOWSTEST_REPEAT times (default 1; 0: without end), at WINDOWSTEST_RATE events per second
 * (default 0: as fast as possible). With WINDOWSTEST_WAIT=1 they wait for room and lose nothing. WINDOWSTEST_FAIL makes calls fail:
 * "StartTraceW=5,OpenTraceW=5" (Windows error numbers). WINDOWSTEST_STRIP is a mask of LogFileMode bits that this "Windows" does not
 * grant. WINDOWSTEST_LAST_ERROR is the last error that OpenTraceW sets although it succeeds. With WINDOWSTEST_LOSE_BUFFERS=N every Nth
 * full buffer is lost on its way to the consumer: RealTimeBuffersLost counts it and a notice reports it, but nothing counts its events.
 * With WINDOWSTEST_LOSE_FILE=1 a notice reports that the session's backing file is lost. With WINDOWSTEST_NOW=1 the events of the files
 * get the time at which they are written; WINDOWSTEST_DELAY=n writes the first one after n milliseconds.
 *
 * A program's own provider (EventRegister, EventWrite) reaches the sessions that the same process consumes.
 */
#define _WMI_SOURCE_          /* declare the functions below as defined here, not as imported */
#define _ADVAPI32_
#define _EVNT_SOURCE_
#include "consumer.h"

ULONG WMIAPI StartTraceW(PTRACEHANDLE handle, LPCWSTR name, PEVENT_TRACE_PROPERTIES p)
{
    ULONG error = fault("StartTraceW"), processors = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS), i;

    if (error) return error;
    if (!handle || !name || !p) return ERROR_INVALID_PARAMETER;
    if (p->Wnode.BufferSize < sizeof(*p) + (lstrlenW(name) + 1) * sizeof(WCHAR)) return ERROR_BAD_LENGTH;
    if (p->LoggerNameOffset < sizeof(*p)) return ERROR_INVALID_PARAMETER; /* Wnode.Flags are documented, but Windows does not check them */
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

/* describe writes a session's properties and name to the caller's structure, and keeps its size and offsets. */
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
        if (code == EVENT_TRACE_CONTROL_STOP) s->running = FALSE; /* even if the description does not fit */
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

/* list_guids returns every provider that a session has enabled, each once. */
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

/* guid_info describes a provider: no process has registered it here, and these sessions have enabled it. */
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

#define REGISTRATIONS 64

static GUID registrations[REGISTRATIONS]; /* a handle is the index plus one; an entry that is zero is free */
static SRWLOCK registrations_lock = SRWLOCK_INIT;

ULONG EVNTAPI EventRegister(LPCGUID provider, PENABLECALLBACK callback, PVOID context, PREGHANDLE handle)
{
    ULONG error = fault("EventRegister"), i;
    GUID none;

    if (error) return error;
    if (!provider || !handle) return ERROR_INVALID_PARAMETER;
    memset(&none, 0, sizeof(none));
    error = ERROR_NO_SYSTEM_RESOURCES;
    AcquireSRWLockExclusive(&registrations_lock);
    for (i = 0; i < REGISTRATIONS && error; i++) {
        if (!IsEqualGUID(&registrations[i], &none)) continue;
        registrations[i] = *provider;
        *handle = i + 1;
        error = ERROR_SUCCESS;
    }
    ReleaseSRWLockExclusive(&registrations_lock);
    return error;
}

ULONG EVNTAPI EventUnregister(REGHANDLE handle)
{
    if (!handle || handle > REGISTRATIONS) return ERROR_INVALID_HANDLE;
    AcquireSRWLockExclusive(&registrations_lock);
    memset(&registrations[handle - 1], 0, sizeof(GUID));
    ReleaseSRWLockExclusive(&registrations_lock);
    return ERROR_SUCCESS;
}

ULONG EVNTAPI EventWrite(REGHANDLE handle, PCEVENT_DESCRIPTOR descriptor, ULONG count, PEVENT_DATA_DESCRIPTOR data)
{
    ULONG size = sizeof(EVENT_HEADER), i;
    EVENT_HEADER *h;
    BYTE *at;

    if (!handle || handle > REGISTRATIONS) return ERROR_INVALID_HANDLE;
    for (i = 0; i < count; i++) size += data[i].Size;
    if (size > 0xFFFF) return ERROR_ARITHMETIC_OVERFLOW;
    if (!(h = calloc(1, size))) return ERROR_NOT_ENOUGH_MEMORY;
    h->Size = (USHORT)size;
    h->HeaderType = 0x13;
    h->Flags = EVENT_HEADER_FLAG_64_BIT_HEADER;
    h->ThreadId = GetCurrentThreadId();
    h->ProcessId = GetCurrentProcessId();
    GetSystemTimePreciseAsFileTime((FILETIME *)&h->TimeStamp);
    AcquireSRWLockShared(&registrations_lock);
    h->ProviderId = registrations[handle - 1];
    ReleaseSRWLockShared(&registrations_lock);
    h->EventDescriptor = *descriptor;
    for (i = 0, at = (BYTE *)(h + 1); i < count; at += data[i++].Size) memcpy(at, (void *)(ULONG_PTR)data[i].Ptr, data[i].Size);
    write_to_consumers(h);
    free(h);
    return ERROR_SUCCESS;
}

/* Wine waits 10 s for a service control manager before it reports that a program is not a service. This function reports it at once,
 * except for Wine's own services. */
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
