/* SPDX-License-Identifier: Apache-2.0
 *
 * The ETW sessions of this "host": a table in a file that all processes map, so that a session outlives the process that started it, as
 * on Windows. The file is C:\windows\temp\etw-sessions, or the one in WINDOWSTEST_SESSIONS.
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include <windows.h>
#include <wmistr.h>
#include <evntrace.h>
#include <evntcons.h>

#ifndef EVENT_ENABLE_PROPERTY_IGNORE_KEYWORD_0 /* newer than mingw's evntrace.h */
#define EVENT_ENABLE_PROPERTY_IGNORE_KEYWORD_0 0x10
#endif

#define SESSIONS 64           /* the maximum of Windows; a session's id is its index plus one */
#define SESSION_PROVIDERS 32
#define SESSION_NAME 1024

typedef struct {
    GUID guid;
    UCHAR level;
    ULONG property;           /* EVENT_ENABLE_PROPERTY_* */
    ULONGLONG any, all;       /* keywords */
} enabled_provider;

typedef struct {
    BOOL running;
    ULONG generation;         /* counts the sessions that have used this entry */
    WCHAR name[SESSION_NAME];
    EVENT_TRACE_PROPERTIES properties; /* settings and counts, as QUERY returns them */
    ULONG provider_count;
    enabled_provider providers[SESSION_PROVIDERS];
} session;

static session *table;
static HANDLE table_lock;

/* open_table maps the table and locks it. It returns FALSE on failure. */
static BOOL open_table(void)
{
    static SRWLOCK once = SRWLOCK_INIT;

    AcquireSRWLockExclusive(&once);
    if (!table) {
        WCHAR path[MAX_PATH] = L"C:\\windows\\temp\\etw-sessions";
        HANDLE file, mapping;

        GetEnvironmentVariableW(L"WINDOWSTEST_SESSIONS", path, MAX_PATH);
        table_lock = CreateMutexW(NULL, FALSE, L"Global\\windowstest-etw-sessions");
        file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
        mapping = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, sizeof(session) * SESSIONS, NULL);
        table = mapping ? MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0) : NULL;
        if (mapping) CloseHandle(mapping);
        if (file != INVALID_HANDLE_VALUE) CloseHandle(file);
    }
    ReleaseSRWLockExclusive(&once);
    if (!table || !table_lock) return FALSE;
    WaitForSingleObject(table_lock, INFINITE);
    return TRUE;
}

static void close_table(void) { ReleaseMutex(table_lock); }

/* find_session finds a running session by its name, in any case, or by its id if there is no name. */
static session *find_session(const WCHAR *name, ULONGLONG id)
{
    int i;

    if (!name) return id >= 1 && id <= SESSIONS && table[id - 1].running ? &table[id - 1] : NULL;
    for (i = 0; i < SESSIONS; i++)
        if (table[i].running && !lstrcmpiW(table[i].name, name)) return &table[i];
    return NULL;
}

/* wants applies EnableTraceEx2's rule: whether the session receives an event with this header. A level or a keyword of 0 in the event
 * always passes; one of 0 in the session is not a filter. */
static BOOL wants(const session *s, const EVENT_HEADER *h)
{
    ULONG i;

    for (i = 0; i < s->provider_count; i++) {
        const enabled_provider *p = &s->providers[i];
        const EVENT_DESCRIPTOR *d = &h->EventDescriptor;

        if (!IsEqualGUID(&p->guid, &h->ProviderId)) continue;
        if (p->level && d->Level > p->level) return FALSE;
        if (!d->Keyword) return !(p->property & EVENT_ENABLE_PROPERTY_IGNORE_KEYWORD_0);
        return (!p->any || (d->Keyword & p->any)) && (d->Keyword & p->all) == p->all;
    }
    return FALSE;
}

/* asks_sid reports whether the session requested the SIDs of the provider's events. */
static BOOL asks_sid(const session *s, const GUID *provider)
{
    ULONG i;

    for (i = 0; i < s->provider_count; i++)
        if (IsEqualGUID(&s->providers[i].guid, provider)) return (s->providers[i].property & EVENT_ENABLE_PROPERTY_SID) != 0;
    return FALSE;
}

#endif
