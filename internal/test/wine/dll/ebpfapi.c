/* SPDX-License-Identifier: Apache-2.0
 *
 * ebpfapi.dll, the user-mode part of eBPF for Windows, for Wine: the functions that a reader of maps calls. ebpfmaps.h describes how a
 * test pins maps.
 *
 * From the time when an events map is first read, the datapath writes the records of the capture WINDOWSTEST_CAPTURE into it; for a
 * perf event array, it uses the processors in the capture. It does so WINDOWSTEST_REPEAT times (default 1; 0: without end), at
 * WINDOWSTEST_RATE records per second (default 0: as fast as possible). If there is no room it waits or, with WINDOWSTEST_DROP=1, drops
 * the record, which a perf event array counts. WINDOWSTEST_DIE=n ends it in the middle of record n. WINDOWSTEST_LOST="5,7" are losses
 * that it counts at its end, for each processor. WINDOWSTEST_FAIL makes calls fail: "bpf(OBJ_GET)=1" with an errno of the C library,
 * "ebpf_map_set_wait_handle=20" with an ebpf_result_t.
 *
 * windowstest_write lets a test write records itself.
 */
#include "perfbuffer.h"

enum { MAP_LOOKUP = 1, MAP_UPDATE = 2, OBJ_GET = 7, OBJ_GET_INFO = 15 };
enum { ENOENT_ = 2, E2BIG_ = 7, EBADF_ = 9, EINVAL_ = 22, EMFILE_ = 24 };

typedef struct { UINT32 fd, unused; UINT64 key, value, flags; } element_attributes;
typedef struct { UINT64 path; UINT32 fd, flags; } pin_attributes;
typedef struct { UINT32 fd, size; UINT64 info; } info_attributes;
typedef struct { UINT32 type, id, key_size, value_size, max_entries, flags; char name[16]; } map_info;

static void *pointer(UINT64 address) { return (void *)(ULONG_PTR)address; }

static int element(const element_attributes *a, BOOL write)
{
    map *m = find_map(a->fd);

    if (!m) return -EBADF_;
    if (array_value(m, *(UINT32 *)pointer(a->key), pointer(a->value), write)) return 0;
    return m->type != TYPE_ARRAY ? -EINVAL_ : write ? -E2BIG_ : -ENOENT_;
}

static int open_object(const pin_attributes *a)
{
    map found;
    int fd;

    if (a->flags) return -EINVAL_;
    if (!read_pin(pointer(a->path), &found)) return -ENOENT_;
    fd = open_map(&found);
    return fd < 0 ? -EMFILE_ : fd;
}

static int object_info(info_attributes *a)
{
    map *m = find_map(a->fd);
    map_info info = {0};

    if (!m) return -EBADF_;
    info.type = m->type;
    info.id = m->id;
    info.key_size = m->type == TYPE_RING ? 0 : 4;
    info.value_size = m->value_size;
    info.max_entries = m->max_entries;
    lstrcpynA(info.name, m->name, sizeof(info.name));
    memset(pointer(a->info), 0, a->size);
    memcpy(pointer(a->info), &info, min(a->size, sizeof(info)));
    return 0;
}

int bpf(int command, void *attributes, unsigned int size)
{
    const char *call = command == OBJ_GET ? "bpf(OBJ_GET)" : command == MAP_UPDATE ? "bpf(MAP_UPDATE)" : "bpf";
    int error = (int)fault(call);

    if (error) return -error;
    switch (command) {
    case MAP_LOOKUP: return element(attributes, FALSE);
    case MAP_UPDATE: return element(attributes, TRUE);
    case OBJ_GET: return open_object(attributes);
    case OBJ_GET_INFO: return object_info(attributes);
    }
    SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return -EINVAL_;
}

int ebpf_object_get_info_by_fd(int fd, void *info, UINT32 *size, UINT32 *type)
{
    const UINT32 object_map = 1;

    if (!find_map(fd)) return INVALID_FD;
    if (type) *type = object_map;
    return SUCCESS;
}

/* The next path in lexicographical order after start, which need not be pinned. All pins are maps. */
int ebpf_get_next_pinned_object_path(const char *start, char *next, size_t room, int *type)
{
    const int object_map = 1;
    int error = (int)fault("ebpf_get_next_pinned_object_path");

    if (error) return error;
    if (!next_pin(start, next, room)) return NO_MORE_KEYS;
    if (type) *type = object_map;
    return SUCCESS;
}

int ebpf_close_fd(int fd)
{
    if (!find_map(fd)) return INVALID_FD;
    descriptors[fd] = NULL;
    return SUCCESS;
}

int ebpf_duplicate_fd(int fd, int *duplicate)
{
    map *m = find_map(fd);

    if (!m) return INVALID_FD;
    *duplicate = new_descriptor(m);
    return *duplicate < 0 ? FAILED : SUCCESS;
}

int ebpf_map_set_wait_handle(int fd, UINT64 index, HANDLE event)
{
    int error = (int)fault("ebpf_map_set_wait_handle");
    map *m = find_map(fd);

    if (error) return error;
    if (!m) return INVALID_FD;
    if (index >= m->ring_count || !set_wake(&m->rings[index], event)) return INVALID_ARGUMENT;
    start_datapath(m);
    return SUCCESS;
}

int ebpf_ring_buffer_map_map_buffer(int fd, void **consumer, const void **producer, const BYTE **data, size_t *size)
{
    int error = (int)fault("ebpf_ring_buffer_map_map_buffer");
    map *m = find_map(fd);

    if (error) return error;
    if (!m) return INVALID_FD;
    if (m->type != TYPE_RING) return INVALID_ARGUMENT;
    *consumer = (void *)m->rings[0].consumer;
    *producer = (void *)m->rings[0].producer;
    *data = m->rings[0].data;
    *size = m->rings[0].size;
    return SUCCESS;
}

int ebpf_ring_buffer_map_unmap_buffer(int fd, void *consumer, const void *producer, const void *data)
{
    return find_map(fd) ? SUCCESS : INVALID_FD;
}

/* windowstest_write writes a record of n bytes whose header contains length. It returns 0 if there is no room. */
int windowstest_write(int fd, UINT32 processor, UINT32 length, const void *bytes, UINT32 n)
{
    map *m = find_map(fd);

    return m && processor < m->ring_count && write_ring(&m->rings[processor], length, bytes, n);
}
