/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the project's field lists from the files in WINDOWSTEST_SCHEMA (a list, separated by ';'). They are the manifests that this
 * "host" has registered. If an event has several layouts, the host has the first one.
 */
#ifndef FIELDLISTS_H
#define FIELDLISTS_H

#include <stdio.h>
#include <string.h>
#include "etlfile.h"

#define MAX_FIELDS 64

typedef struct {
    const char *name;
    USHORT type;              /* TDH_INTYPE_* */
    USHORT length;            /* bytes; for a binary of fixed size or a number */
    int length_field;         /* index of the field with a binary's length, or -1 */
} field;

typedef struct event_layout {
    struct event_layout *next;
    const GUID *provider;
    const char *provider_name, *name;
    USHORT id, task, field_count;
    UCHAR version, level, channel;
    ULONGLONG keyword;
    field fields[MAX_FIELDS];
} event_layout;

typedef struct provider {
    struct provider *next;
    GUID guid;
    const char *name;
} provider;

static event_layout *layouts;
static provider *providers;

/* TDH_INTYPE_* (tdh.h of the Windows SDK). */
enum { IN_UNICODESTRING = 1, IN_ANSISTRING = 2, IN_UINT8 = 4, IN_UINT32 = 8, IN_UINT64 = 10, IN_BOOLEAN32 = 13, IN_BINARY = 14, IN_GUID16 = 15, IN_POINTER = 16, IN_FILETIME64 = 17 };

static const struct { const char *name; USHORT type, length; } types[] = {
    {"u8", IN_UINT8, 1}, {"u32", IN_UINT32, 4}, {"u64", IN_UINT64, 8}, {"bool32", IN_BOOLEAN32, 4}, {"filetime", IN_FILETIME64, 8}, {"guid", IN_GUID16, 16},
    {"pointer", IN_POINTER, 8}, {"ansi", IN_ANSISTRING, 0}, {"utf16", IN_UNICODESTRING, 0},
};

static GUID parse_guid(const char *text)
{
    unsigned a = 0, b = 0, c = 0, d[8] = {0};
    GUID g;
    int i;

    sscanf(text, "{%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x}", &a, &b, &c, d, d + 1, d + 2, d + 3, d + 4, d + 5, d + 6, d + 7);
    g.Data1 = a;
    g.Data2 = b;
    g.Data3 = c;
    for (i = 0; i < 8; i++) g.Data4[i] = d[i];
    return g;
}

/* add_field parses "name:type" or "name:binary(LENGTH)" in place. */
static void add_field(event_layout *e, char *word)
{
    field *f = &e->fields[e->field_count];
    char *type = strchr(word, ':'), *length;
    size_t i;

    if (!type || e->field_count == MAX_FIELDS) return;
    *type++ = 0;
    f->name = word;
    f->length_field = -1;
    if ((length = strchr(type, '('))) {
        *strchr(++length, ')') = 0;
        f->type = IN_BINARY;
        f->length = (USHORT)atoi(length);
        for (i = 0; i < e->field_count; i++)
            if (!strcmp(e->fields[i].name, length)) f->length_field = (int)i;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(types[i].name, type)) {
            f->type = types[i].type;
            f->length = types[i].length;
        }
    e->field_count++;
}

/* read_line parses a line of a field list; current is the event to which its fields belong. */
static event_layout *read_line(char *line, event_layout *current)
{
    char *w[64];
    int n = 0, i;
    BOOL fields = *line == ' ';

    for (w[0] = strtok(line, " \t\r"); w[n] && n < 63;) w[++n] = strtok(NULL, " \t\r");
    if (!n || w[0][0] == '#') return current;
    if (fields) {
        for (i = 0; current && i < n; i++) add_field(current, w[i]);
    } else if (!strcmp(w[0], "also")) {
        return NULL; /* an older layout */
    } else if (!strcmp(w[0], "provider") && n == 3) {
        provider *p = calloc(1, sizeof(*p));

        p->guid = parse_guid(w[1]);
        p->name = w[2];
        p->next = providers;
        providers = p;
    } else if (!strcmp(w[0], "event") && n == 8 && providers) {
        event_layout *e = calloc(1, sizeof(*e));

        e->provider = &providers->guid;
        e->provider_name = providers->name;
        e->id = (USHORT)atoi(w[1]);
        e->version = (UCHAR)atoi(w[2]);
        e->name = w[3];
        e->level = (UCHAR)atoi(w[4]);
        e->keyword = _strtoui64(w[5], NULL, 0);
        e->channel = (UCHAR)atoi(w[6]);
        e->task = (USHORT)atoi(w[7]);
        e->next = layouts;
        return layouts = e;
    }
    return current;
}

/* load_lists reads the files, once for each list. */
static void load_lists(void)
{
    static SRWLOCK once = SRWLOCK_INIT;
    static WCHAR loaded[4096];
    WCHAR list[4096] = L"", *path, *next;

    GetEnvironmentVariableW(L"WINDOWSTEST_SCHEMA", list, 4096);
    AcquireSRWLockExclusive(&once);
    if (lstrcmpW(loaded, list)) {
        lstrcpyW(loaded, list);
        layouts = NULL;
        providers = NULL;
        for (path = list; path && *path; path = next) {
            event_layout *e = NULL;
            char *line, *end;
            ULONG size;

            if ((next = wcschr(path, L';'))) *next++ = 0;
            if (!(line = (char *)read_all(path, &size))) fprintf(stderr, "windowstest: cannot read %ls\n", path);
            for (; line; line = end) {
                if ((end = strchr(line, '\n'))) *end++ = 0;
                e = read_line(line, e);
            }
        }
    }
    ReleaseSRWLockExclusive(&once);
}

/* find_layout returns the host's layout of an event, or NULL. */
static event_layout *find_layout(const EVENT_HEADER *h)
{
    event_layout *e;

    load_lists();
    for (e = layouts; e; e = e->next)
        if (e->id == h->EventDescriptor.Id && e->version == h->EventDescriptor.Version && IsEqualGUID(e->provider, &h->ProviderId)) return e;
    return NULL;
}

#endif
