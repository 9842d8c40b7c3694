/* SPDX-License-Identifier: Apache-2.0
 *
 * The buffers of a session. Their size and number are set when it starts. Its providers fill them, and its consumer empties them. An
 * event that does not fit is lost and counted, as in Windows.
 */
#ifndef BUFFERS_H
#define BUFFERS_H

#include "etlfile.h"
#include "sessions.h"

typedef struct buffer {
    struct buffer *next;
    ULONG used;               /* bytes, from 0; the size below excludes the header */
    BYTE data[];
} buffer;

typedef struct {
    session *session;
    ULONG generation;
    ULONG size;               /* bytes of events that fit into a buffer */
    ULONG lost;               /* events lost since the last notice to the consumer */
    CRITICAL_SECTION lock;
    CONDITION_VARIABLE filled;
    buffer *current;          /* being filled */
    buffer *full, **last;     /* waiting for the consumer, oldest first */
    buffer *free;
} pool;

/* running reports whether the pool's session is still the one in the table. */
static BOOL running(const pool *p) { return p->session->running && p->session->generation == p->generation; }

static void init_pool(pool *p, session *s)
{
    memset(p, 0, sizeof(*p));
    p->session = s;
    p->generation = s->generation;
    p->size = s->properties.BufferSize * 1024 - BUFFER_HEADER;
    p->last = &p->full;
    InitializeCriticalSection(&p->lock);
    InitializeConditionVariable(&p->filled);
    s->properties.FreeBuffers = s->properties.NumberOfBuffers; /* their memory is allocated at the first use */
}

static void free_list(buffer *b)
{
    while (b) {
        buffer *next = b->next;

        free(b);
        b = next;
    }
}

static void free_pool(pool *p)
{
    free_list(p->free);
    free_list(p->full);
    free_list(p->current);
    DeleteCriticalSection(&p->lock);
}

/* take_buffer returns an empty buffer: a free one, or a new one if the session may have more; otherwise NULL. */
static buffer *take_buffer(pool *p)
{
    EVENT_TRACE_PROPERTIES *counts = &p->session->properties;
    buffer *b = p->free;

    if (!counts->FreeBuffers) {
        if (counts->NumberOfBuffers >= counts->MaximumBuffers) return NULL;
        counts->NumberOfBuffers++;
        counts->FreeBuffers++;
    }
    if (b) p->free = b->next;
    else b = malloc(sizeof(*b) + p->size);
    if (!b) return NULL;
    counts->FreeBuffers--;
    b->next = NULL;
    b->used = 0;
    return b;
}

/* flush_current passes the buffer that is being filled to the consumer. */
static void flush_current(pool *p)
{
    if (!p->current || !p->current->used) return;
    *p->last = p->current;
    p->last = &p->current->next;
    p->current = NULL;
    WakeConditionVariable(&p->filled);
}

/* write_event writes an event into the session. An event that does not fit is lost and counted or, if it can wait, refused. */
static BOOL write_event(pool *p, const EVENT_HEADER *h, BOOL can_wait)
{
    ULONG size = align8(h->Size);
    BOOL written = FALSE;

    EnterCriticalSection(&p->lock);
    if (p->current && p->current->used + size > p->size) flush_current(p);
    if (size <= p->size && (p->current || (p->current = take_buffer(p)))) {
        memcpy(p->current->data + p->current->used, h, h->Size);
        p->current->used += size;
        written = TRUE;
    } else if (!can_wait || size > p->size) {
        p->lost++;
        InterlockedIncrement((LONG *)&p->session->properties.EventsLost);
        written = TRUE; /* there is nothing to wait for */
    }
    LeaveCriticalSection(&p->lock);
    return written;
}

/* next_buffer waits for a buffer to deliver. After a time without one it flushes the current buffer, if requested. */
static buffer *next_buffer(pool *p, DWORD milliseconds, BOOL flush)
{
    buffer *b;

    EnterCriticalSection(&p->lock);
    if (!p->full) SleepConditionVariableCS(&p->filled, &p->lock, milliseconds);
    if (!p->full && flush) flush_current(p);
    if ((b = p->full)) {
        p->full = b->next;
        if (!p->full) p->last = &p->full;
    }
    LeaveCriticalSection(&p->lock);
    return b;
}

/* take_lost returns the number of events lost since its last call. */
static ULONG take_lost(pool *p)
{
    ULONG lost;

    EnterCriticalSection(&p->lock);
    lost = p->lost;
    p->lost = 0;
    LeaveCriticalSection(&p->lock);
    return lost;
}

/* give_back frees a buffer that was delivered or, if count is set, lost. */
static void give_back(pool *p, buffer *b, ULONG *count)
{
    EnterCriticalSection(&p->lock);
    b->next = p->free;
    p->free = b;
    if (running(p)) {
        p->session->properties.FreeBuffers++;
        ++*count;
    }
    LeaveCriticalSection(&p->lock);
}

#endif
