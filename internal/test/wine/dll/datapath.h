/* SPDX-License-Identifier: Apache-2.0
 *
 * The datapath: a thread that writes the records of a capture into an events map, from the time when the map is first read.
 * ebpfapi.c documents the variables.
 */
#ifndef DATAPATH_H
#define DATAPATH_H

#include "capture.h"
#include "ebpfmaps.h"

static DWORD WINAPI write_capture(void *argument)
{
    map *m = argument;
    ULONG rate = env_number("WINDOWSTEST_RATE", 0), repeat, round, i;
    ULONG drop = env_number("WINDOWSTEST_DROP", 0), die = env_number("WINDOWSTEST_DIE", 0);
    char path[MAX_PATH], lost[64] = "", *number;
    ULONGLONG began = GetTickCount64(), written = 0;
    capture c;

    if (!GetEnvironmentVariableA("WINDOWSTEST_CAPTURE", path, sizeof(path))) return 0;
    if (!read_capture(path, &c)) {
        fprintf(stderr, "windowstest: cannot read %s\n", path);
        return 1;
    }
    for (round = 0; !(repeat = env_number("WINDOWSTEST_REPEAT", 1)) || round < repeat; round++) /* a test may change the variable to end it */
        for (i = 0; i < c.count; i++) {
            const captured_record *record = &c.records[i];
            ring *r = &m->rings[record->processor % m->ring_count];
            BOOL dies = ++written == die;

            while (!write_ring(r, record->size | (dies ? RECORD_BUSY : 0), record->data, record->size)) {
                if (drop) {
                    lose(r, 1);
                    break;
                }
                Sleep(1);
            }
            if (dies) return 0;
            while (rate && written * 1000 / rate > GetTickCount64() - began) Sleep(1);
        }
    GetEnvironmentVariableA("WINDOWSTEST_LOST", lost, sizeof(lost));
    for (i = 0, number = strtok(lost, ","); number && i < m->ring_count; number = strtok(NULL, ",")) lose(&m->rings[i++], strtoul(number, NULL, 0));
    return 0;
}

/* start_datapath starts the datapath for a map, once for each map. */
static void start_datapath(map *m)
{
    BOOL started;

    AcquireSRWLockExclusive(&maps_lock);
    started = m->playing;
    m->playing = TRUE;
    ReleaseSRWLockExclusive(&maps_lock);
    if (!started) CloseHandle(CreateThread(NULL, 0, write_capture, m, 0, NULL));
}

#endif
