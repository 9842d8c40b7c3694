/* SPDX-License-Identifier: Apache-2.0
 *
 * The maps of this "Windows", and the programs' descriptors of them.
 *
 * A map is pinned if the directory WINDOWSTEST_PINS has a file with the pin's name. A test that writes, replaces or removes the file
 * pins, replaces or unpins the map. The file's text is "TYPE ID VALUE_SIZE MAX_ENTRIES", such as "ring 1 0 65536" or "array 2 4 2";
 * another ID is another map. The values of an array are in the file PIN.values in the same directory, so that a test can read them. Rings
 * are in the memory of the process that opened them, and live as long as the process.
 */
#ifndef EBPFMAPS_H
#define EBPFMAPS_H

#include "ebpfring.h"
#include "environment.h"

#define DESCRIPTORS 4096
#define FIRST_DESCRIPTOR 3
#define PIN_NAME 256

/* Constants of eBPF for Windows (ebpf_structs.h, ebpf_result.h). */
enum { TYPE_HASH = 1, TYPE_ARRAY = 2, TYPE_RING = 13, TYPE_PERF = 14 };
enum { SUCCESS = 0, INVALID_FD = 4, INVALID_ARGUMENT = 6, FAILED = 17, NO_MORE_KEYS = 25, OUT_OF_SPACE = 29 };

typedef struct map {
    struct map *next;
    ULONG type, id, value_size, max_entries;
    char name[PIN_NAME];
    ULONG ring_count;         /* 1, or one for each processor in a perf event array; 0: the map has none */
    ring rings[PROCESSORS];
    BOOL playing;             /* the datapath writes into the map */
} map;

static SRWLOCK maps_lock = SRWLOCK_INIT;
static map *all_maps;
static map *descriptors[DESCRIPTORS];

/* find_map returns the map of a descriptor, or NULL. */
static map *find_map(int fd) { return fd >= FIRST_DESCRIPTOR && fd < DESCRIPTORS ? descriptors[fd] : NULL; }

/* new_descriptor returns a descriptor of m, or -1 if there are too many. */
static int new_descriptor(map *m)
{
    int fd, found = -1;

    AcquireSRWLockExclusive(&maps_lock);
    for (fd = FIRST_DESCRIPTOR; fd < DESCRIPTORS && found < 0; fd++)
        if (!descriptors[fd]) descriptors[found = fd] = m;
    ReleaseSRWLockExclusive(&maps_lock);
    return found;
}

/* pin_name returns the file name of a pin: BPF:\a\b, /ebpf/global/a/b, /a/b and a/b are all a+b. */
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

/* pin_file returns the path of a pin's file, with a suffix. */
static void pin_file(const char *name, const char *suffix, char *path)
{
    char dir[MAX_PATH] = "C:\\windows\\temp";

    GetEnvironmentVariableA("WINDOWSTEST_PINS", dir, sizeof(dir));
    snprintf(path, MAX_PATH, "%s\\%s%s", dir, name, suffix);
}

/* open_file opens a file that a test may replace at the same time. */
static HANDLE open_file(const char *path, DWORD access, DWORD how)
{
    return CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how, 0, NULL);
}

static BOOL is(const char *type, const char *name) { return !strcmp(type, name); }

/* read_pin reads the pin at a path into m. It returns FALSE if nothing is pinned there. */
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

/* next_pin writes the path of the first pin after start, in the order of the paths. It returns FALSE if there is none. */
static BOOL next_pin(const char *start, char *next, size_t room)
{
    char pattern[MAX_PATH], path[PIN_NAME + 8], best[PIN_NAME + 8] = "";
    WIN32_FIND_DATAA file;
    HANDLE found;

    pin_file("*", "", pattern);
    if ((found = FindFirstFileA(pattern, &file)) == INVALID_HANDLE_VALUE) return FALSE;
    do {
        if (strchr(file.cFileName, '.')) continue; /* values, and the folders themselves */
        snprintf(path, sizeof(path), "BPF:\\%s", file.cFileName);
        if (strcmp(path, start) > 0 && (!*best || strcmp(path, best) < 0)) lstrcpynA(best, path, sizeof(best));
    } while (FindNextFileA(found, &file));
    FindClose(found);
    if (!*best || strlen(best) >= room) return FALSE;
    lstrcpynA(next, best, (int)room);
    return TRUE;
}

/* open_map returns a descriptor of the map that a pin names, or -1 if there are too many. */
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

/* array_value reads or writes a value of an array. It returns FALSE if the index does not exist. */
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
        ReadFile(file, value, m->value_size, &done, NULL); /* a value that was never written is 0 */
    }
    CloseHandle(file);
    return TRUE;
}

#endif
