/* SPDX-License-Identifier: Apache-2.0
 *
 * The maps of this "Windows", and the descriptors that programs have of them.
 *
 * A map is pinned where a file of its pin's name is in the directory WINDOWSTEST_PINS; a test that writes, replaces or
 * removes the file pins, replaces or unpins the map. Its text is "TYPE ID VALUE_SIZE MAX_ENTRIES", such as "ring 1 0 65536" or
 * "array 2 4 2"; another ID is another map. What an array holds is in the file beside it, named PIN.values, so that a test can
 * read it. Rings are memory of the process that opened them, and live as long as it does.
 */
#ifndef EBPFMAPS_H
#define EBPFMAPS_H

#include "ebpfring.h"
#include "environment.h"

#define DESCRIPTORS 4096
#define FIRST_DESCRIPTOR 3
#define PIN_NAME 256

/* The numbers of eBPF for Windows (ebpf_structs.h, ebpf_result.h). */
enum { TYPE_HASH = 1, TYPE_ARRAY = 2, TYPE_RING = 13, TYPE_PERF = 14 };
enum { SUCCESS = 0, INVALID_FD = 4, INVALID_ARGUMENT = 6, FAILED = 17, OUT_OF_SPACE = 29 };

typedef struct map {
    struct map *next;
    ULONG type, id, value_size, max_entries;
    char name[PIN_NAME];
    ULONG ring_count;         /* 1, or one a processor in a perf event array; 0: the map has none */
    ring rings[PROCESSORS];
    BOOL playing;             /* the datapath writes into it */
} map;

static SRWLOCK maps_lock = SRWLOCK_INIT;
static map *all_maps;
static map *descriptors[DESCRIPTORS];

/* find_map gives the map of a descriptor, or NULL. */
static map *find_map(int fd) { return fd >= FIRST_DESCRIPTOR && fd < DESCRIPTORS ? descriptors[fd] : NULL; }

/* new_descriptor gives a descriptor of m, or -1 when there are too many. */
static int new_descriptor(map *m)
{
    int fd, found = -1;

    AcquireSRWLockExclusive(&maps_lock);
    for (fd = FIRST_DESCRIPTOR; fd < DESCRIPTORS && found < 0; fd++)
        if (!descriptors[fd]) descriptors[found = fd] = m;
    ReleaseSRWLockExclusive(&maps_lock);
    return found;
}

/* pin_name gives the file name of a pin: BPF:\a\b, /ebpf/global/a/b, /a/b and a/b are all a+b. */
static void pin_name(const char *path, char *name)
{
    static const char globals[] = "/ebpf/global/";
    char *at;

    if (!strncmp(path, "BPF:", 4)) path += 4;
    lstrcpynA(name, path, PIN_NAME);
    for (at = name; *at; at++)
        if (*at == '\\') *at = '/';
    at = strncmp(name, globals, sizeof(globals) - 1) ? name : name + sizeof(globals) - 2;
    while (*at == '/') at++;
    memmove(name, at, strlen(at) + 1);
    for (at = name; *at; at++)
        if (*at == '/') *at = '+';
}

/* pin_file gives the path of a pin's file, with a suffix. */
static void pin_file(const char *name, const char *suffix, char *path)
{
    char dir[MAX_PATH] = "C:\\windows\\temp";

    GetEnvironmentVariableA("WINDOWSTEST_PINS", dir, sizeof(dir));
    snprintf(path, MAX_PATH, "%s\\%s%s", dir, name, suffix);
}

/* open_file opens a file that a test may replace meanwhile. */
static HANDLE open_file(const char *path, DWORD access, DWORD how)
{
    return CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how, 0, NULL);
}

static BOOL is(const char *type, const char *name) { return !strcmp(type, name); }

/* read_pin reads what is pinned at a path into m; FALSE when nothing is. */
static BOOL read_pin(const char *pin, map *m)
{
    char path[MAX_PATH], text[128] = "", type[16] = "";
    HANDLE file;
    DWORD size = 0;

    memset(m, 0, sizeof(*m));
    pin_name(pin, m->name);
    pin_file(m->name, "", path);
    if ((file = open_file(path, GENERIC_READ, OPEN_EXISTING)) == INVALID_HANDLE_VALUE) return FALSE;
    ReadFile(file, text, sizeof(text) - 1, &size, NULL);
    CloseHandle(file);
    if (sscanf(text, "%15s %lu %lu %lu", type, &m->id, &m->value_size, &m->max_entries) != 4) return FALSE;
    m->type = is(type, "ring") ? TYPE_RING : is(type, "perf") ? TYPE_PERF : is(type, "array") ? TYPE_ARRAY : TYPE_HASH;
    m->ring_count = m->type == TYPE_RING ? 1 : m->type == TYPE_PERF ? PROCESSORS : 0;
    return TRUE;
}

/* open_map gives a descriptor of the map that a pin was read to name, or -1 when there are too many. */
static int open_map(const map *read)
{
    map *m;
    ULONG i;

    AcquireSRWLockExclusive(&maps_lock);
    for (m = all_maps; m && m->id != read->id; m = m->next) continue;
    if (!m && (m = malloc(sizeof(*m)))) {
        *m = *read;
        for (i = 0; i < m->ring_count; i++) init_ring(&m->rings[i], m->max_entries);
        m->next = all_maps;
        all_maps = m;
    }
    ReleaseSRWLockExclusive(&maps_lock);
    return m ? new_descriptor(m) : -1;
}

/* array_value reads or writes one value of an array; FALSE when there is no such index. */
static BOOL array_value(const map *m, ULONG index, void *value, BOOL write)
{
    char path[MAX_PATH];
    HANDLE file;
    DWORD done = 0;

    if (m->type != TYPE_ARRAY || index >= m->max_entries) return FALSE;
    pin_file(m->name, ".values", path);
    if ((file = open_file(path, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS)) == INVALID_HANDLE_VALUE) return FALSE;
    SetFilePointer(file, index * m->value_size, NULL, FILE_BEGIN);
    if (write) {
        WriteFile(file, value, m->value_size, &done, NULL);
    } else {
        memset(value, 0, m->value_size);
        ReadFile(file, value, m->value_size, &done, NULL); /* a value that nobody wrote is 0 */
    }
    CloseHandle(file);
    return TRUE;
}

#endif
