/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the records of a .pcapng file as the project's own writer makes them: little endian, enhanced packet blocks, each one
 * raw record of the events map.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdlib.h>
#include <windows.h>

#define BLOCK_PACKET 6        /* enhanced packet block */
#define BLOCK_DATA 28         /* where its packet begins: type, size, interface, time (2), captured, original */

typedef struct {
    const BYTE **data;
    ULONG *size;
    ULONG count;
} capture;

/* read_capture reads a file into memory that is never freed. */
static BOOL read_capture(const char *path, capture *c)
{
    HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    DWORD size, at;
    BYTE *all;

    memset(c, 0, sizeof(*c));
    if (file == INVALID_HANDLE_VALUE) return FALSE;
    size = GetFileSize(file, NULL);
    all = malloc(size);
    if (!all || !ReadFile(file, all, size, &size, NULL)) size = 0;
    CloseHandle(file);
    for (at = 0; at + BLOCK_DATA <= size;) {
        const ULONG *block = (const ULONG *)(all + at);
        ULONG captured = block[5];

        if (block[1] < 12 || block[1] > size - at) return FALSE;
        if (block[0] == BLOCK_PACKET) {
            if (captured > block[1] - BLOCK_DATA) return FALSE;
            c->data = realloc(c->data, (c->count + 1) * sizeof(*c->data));
            c->size = realloc(c->size, (c->count + 1) * sizeof(*c->size));
            c->data[c->count] = all + at + BLOCK_DATA;
            c->size[c->count++] = captured;
        }
        at += block[1];
    }
    return c->count > 0;
}

#endif
