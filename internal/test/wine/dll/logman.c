/* SPDX-License-Identifier: Apache-2.0
 *
 * The logman.exe commands that the collector's messages recommend, for the ETW stand-in in this folder:
 *
 *   logman query -ets            logman query NAME -ets
 *   logman stop NAME -ets        logman start NAME -p {GUID} -ets
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <wmistr.h>
#include <evntrace.h>
#include "fieldlists.h"

typedef struct {
    EVENT_TRACE_PROPERTIES p;
    WCHAR name[1024], file[1024];
} properties;

static properties *new_properties(void)
{
    properties *p = calloc(1, sizeof(*p));

    p->p.Wnode.BufferSize = sizeof(*p);
    p->p.Wnode.Flags = WNODE_FLAG_TRACED_GUID;
    p->p.LoggerNameOffset = FIELD_OFFSET(properties, name);
    p->p.LogFileNameOffset = FIELD_OFFSET(properties, file);
    return p;
}

static ULONG list(void)
{
    EVENT_TRACE_PROPERTIES *all[64];
    ULONG count = 0, error, i;

    for (i = 0; i < 64; i++) all[i] = &new_properties()->p;
    error = QueryAllTracesW(all, 64, &count);
    for (i = 0; !error && i < count; i++) printf("%ls\n", ((properties *)all[i])->name);
    return error;
}

static ULONG control(const WCHAR *name, ULONG code)
{
    properties *p = new_properties();
    ULONG error = ControlTraceW(0, name, &p->p, code);

    if (!error)
        printf("name=%ls mode=0x%08lX buffer_kb=%lu minimum=%lu maximum=%lu buffers=%lu free=%lu written=%lu lost=%lu buffers_lost=%lu\n", p->name,
               p->p.LogFileMode, p->p.BufferSize, p->p.MinimumBuffers, p->p.MaximumBuffers, p->p.NumberOfBuffers, p->p.FreeBuffers,
               p->p.BuffersWritten, p->p.EventsLost, p->p.RealTimeBuffersLost);
    return error;
}

static ULONG start(const WCHAR *name, const WCHAR *guid)
{
    properties *p = new_properties();
    char text[64] = "";
    TRACEHANDLE handle;
    ULONG error;
    GUID g;

    p->p.LogFileMode = EVENT_TRACE_REAL_TIME_MODE;
    p->p.LogFileNameOffset = 0;
    if ((error = StartTraceW(&handle, name, &p->p))) return error;
    WideCharToMultiByte(CP_UTF8, 0, guid, -1, text, sizeof(text), NULL, NULL);
    g = parse_guid(text);
    return EnableTraceEx2(handle, &g, EVENT_CONTROL_CODE_ENABLE_PROVIDER, 0, 0, 0, 0, NULL);
}

int main(void)
{
    int count, ets;
    WCHAR **words = CommandLineToArgvW(GetCommandLineW(), &count);
    ULONG error = ERROR_INVALID_PARAMETER;

    ets = count >= 3 && !lstrcmpW(words[count - 1], L"-ets");
    if (ets && count == 3 && !lstrcmpW(words[1], L"query")) error = list();
    else if (ets && count == 4 && !lstrcmpW(words[1], L"query")) error = control(words[2], EVENT_TRACE_CONTROL_QUERY);
    else if (ets && count == 4 && !lstrcmpW(words[1], L"stop")) error = control(words[2], EVENT_TRACE_CONTROL_STOP);
    else if (ets && count == 6 && !lstrcmpW(words[1], L"start") && !lstrcmpW(words[3], L"-p")) error = start(words[2], words[4]);
    if (error) fprintf(stderr, "logman: error %lu\n", error);
    return (int)error;
}
