/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the records of a .pcapng file that the project's writer made: little endian, with enhanced packet blocks, each of which is a
 * raw record of the events map.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdlib.h>
#include <windows.h>

#define BLOCK_PACKET 6        /* enhanced packet block */
#define BLOCK_DATA 28         /* offset of its packet, after type, size, interface, time (2), captured, original */
#define OPTION_QUEUE 6        /* the number of the processor */

typedef struct {
    const BYTE *data;
    ULONG size, processor;
} captured_record;

typedef struct {
    captured_record *records;
    ULONG count;
} capture;

/* option returns the value of a packet's option, a number of 32 bits, or 0. Each option is code, size and value, padded to 4 bytes. */
static ULONG option(const BYTE *at, const BYTE *end, USHORT code)
{
    while (at + 8 <= end && ((const USHORT *)at)[0] && ((const USHORT *)at)[0] != code) at += 4 + ((((const USHORT *)at)[1] + 3) & ~3u);
    return at + 8 <= end && ((const USHORT *)at)[0] == code ? *(const ULONG *)(at + 4) : 0;
}

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
            const BYTE *data = all + at + BLOCK_DATA;
            captured_record r = {data, captured, 0};

            if (captured > block[1] - BLOCK_DATA) return FALSE;
            r.processor = option(data + ((captured + 3) & ~3u), all + at + block[1] - 4, OPTION_QUEUE);
            c->records = realloc(c->records, (c->count + 1) * sizeof(r));
            c->records[c->count++] = r;
        }
        at += block[1];
    }
    return c->count > 0;
}

#endif
