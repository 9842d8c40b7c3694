/* SPDX-License-Identifier: Apache-2.0
 *
 * tdh.dll for Wine, whose own has no data: the providers and events of the project's field lists (fieldlists.h). WINDOWSTEST_UNDEFINED is a
 * mask of keyword bits that this "Windows" does not define.
 */
#include <windows.h>
#include <wmistr.h>
#include <evntrace.h>
#include <evntcons.h>
#include <tdh.h>
#include "environment.h"
#include "fieldlists.h"

/* put_text writes text as UTF-16 at *at if there is room, advances *at behind it, and returns its offset. */
static ULONG put_text(BYTE *base, ULONG room, ULONG *at, const char *text)
{
    ULONG here = *at, bytes = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0) * sizeof(WCHAR);

    if (here + bytes <= room) MultiByteToWideChar(CP_UTF8, 0, text, -1, (WCHAR *)(base + here), bytes / sizeof(WCHAR));
    *at += bytes;
    return here;
}

ULONG __stdcall TdhEnumerateProviders(PPROVIDER_ENUMERATION_INFO out, ULONG *size)
{
    ULONG count = 0, at, i = 0, room = *size;
    provider *p;

    load_lists();
    for (p = providers; p; p = p->next) count++;
    at = FIELD_OFFSET(PROVIDER_ENUMERATION_INFO, TraceProviderInfoArray) + count * sizeof(TRACE_PROVIDER_INFO);
    for (p = providers; p; p = p->next, i++) {
        ULONG name = put_text((BYTE *)out, room, &at, p->name);

        if (at > room) continue;
        out->TraceProviderInfoArray[i].ProviderGuid = p->guid;
        out->TraceProviderInfoArray[i].SchemaSource = 0; /* a manifest */
        out->TraceProviderInfoArray[i].ProviderNameOffset = name;
    }
    *size = at;
    if (at > room) return ERROR_INSUFFICIENT_BUFFER;
    out->NumberOfProviders = count;
    return ERROR_SUCCESS;
}

/* The keywords of a provider are the bits of its events' keywords, without those of channels. */
ULONG __stdcall TdhEnumerateProviderFieldInformation(LPGUID guid, EVENT_FIELD_TYPE type, PPROVIDER_FIELD_INFOARRAY out, ULONG *size)
{
    ULONG error = fault("TdhEnumerateProviderFieldInformation"), count = 0, at, i = 0, room = *size;
    ULONGLONG used = 0, bit;
    event_layout *e;
    char name[32];

    if (error) return error;
    if (type != EventKeywordInformation) return ERROR_NOT_SUPPORTED;
    load_lists();
    for (e = layouts; e; e = e->next)
        if (IsEqualGUID(e->provider, guid)) used |= e->keyword & 0xFFFFFFFFFFFFull;
    used &= ~(ULONGLONG)env_number("WINDOWSTEST_UNDEFINED", 0);
    for (bit = 1; bit; bit <<= 1) count += (used & bit) != 0;
    at = FIELD_OFFSET(PROVIDER_FIELD_INFOARRAY, FieldInfoArray) + count * sizeof(PROVIDER_FIELD_INFO);
    for (bit = 1; bit; bit <<= 1) {
        ULONG text;

        if (!(used & bit)) continue;
        wsprintfA(name, "keyword 0x%I64X", bit);
        text = put_text((BYTE *)out, room, &at, name);
        if (at > room) continue;
        out->FieldInfoArray[i].NameOffset = text;
        out->FieldInfoArray[i].DescriptionOffset = 0;
        out->FieldInfoArray[i++].Value = bit;
    }
    *size = at;
    if (at > room) return ERROR_INSUFFICIENT_BUFFER;
    out->NumberOfElements = count;
    out->FieldType = type;
    return ERROR_SUCCESS;
}

/* mingw's tdh.h does not declare this structure and this function. */
typedef struct { ULONG NumberOfEvents, Reserved; EVENT_DESCRIPTOR EventDescriptorsArray[1]; } provider_event_info;

ULONG __stdcall TdhEnumerateManifestProviderEvents(LPGUID guid, provider_event_info *out, ULONG *size)
{
    ULONG error = fault("TdhEnumerateManifestProviderEvents"), count = 0, room = out ? *size : 0;
    event_layout *e;

    if (error) return error;
    load_lists();
    for (e = layouts; e; e = e->next) count += IsEqualGUID(e->provider, guid);
    if (!count) return ERROR_NOT_FOUND;
    *size = FIELD_OFFSET(provider_event_info, EventDescriptorsArray) + count * sizeof(EVENT_DESCRIPTOR);
    if (*size > room) return ERROR_INSUFFICIENT_BUFFER;
    memset(out, 0, *size);
    for (e = layouts; e; e = e->next) {
        EVENT_DESCRIPTOR *d = &out->EventDescriptorsArray[out->NumberOfEvents];

        if (!IsEqualGUID(e->provider, guid)) continue;
        d->Id = e->id;
        d->Version = e->version;
        d->Channel = e->channel;
        d->Level = e->level;
        d->Task = e->task;
        d->Keyword = e->keyword;
        out->NumberOfEvents++;
    }
    return ERROR_SUCCESS;
}

ULONG __stdcall TdhGetEventInformation(PEVENT_RECORD event, ULONG contexts, PTDH_CONTEXT context, PTRACE_EVENT_INFO out, ULONG *size)
{
    event_layout *e = find_layout(&event->EventHeader);
    ULONG fixed, at, room = out ? *size : 0, i;
    TRACE_EVENT_INFO *info;

    if (!e) return ERROR_NOT_FOUND;
    fixed = at = FIELD_OFFSET(TRACE_EVENT_INFO, EventPropertyInfoArray) + e->field_count * sizeof(EVENT_PROPERTY_INFO);
    if (!(info = calloc(1, fixed))) return ERROR_OUTOFMEMORY;
    info->ProviderGuid = *e->provider;
    info->EventDescriptor = event->EventHeader.EventDescriptor;
    info->DecodingSource = DecodingSourceXMLFile;
    info->ProviderNameOffset = put_text((BYTE *)out, room, &at, e->provider_name);
    info->TaskNameOffset = put_text((BYTE *)out, room, &at, e->name);
    info->PropertyCount = info->TopLevelPropertyCount = e->field_count;
    for (i = 0; i < e->field_count; i++) {
        EVENT_PROPERTY_INFO *property = &info->EventPropertyInfoArray[i];
        const field *f = &e->fields[i];

        property->NameOffset = put_text((BYTE *)out, room, &at, f->name);
        property->nonStructType.InType = f->type;
        property->count = 1;
        property->length = f->length;
        if (f->length_field >= 0) {
            property->Flags = PropertyParamLength;
            property->lengthPropertyIndex = (USHORT)f->length_field;
        }
    }
    *size = at;
    if (at <= room) memcpy(out, info, fixed);
    free(info);
    return at <= room ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER;
}

/* field_size returns the size of field i in bytes, or -1 if it does not fit. The field begins at data and has at most left bytes. start
 * is the beginning of the user data. */
static int field_size(const event_layout *e, int i, BYTE *start, BYTE *data, int left)
{
    const field *f = &e->fields[i];
    int n = f->length, k;

    if (f->type == IN_UNICODESTRING) {
        for (n = 0; n + 2 <= left && *(WCHAR *)(data + n); n += 2) continue;
        n += 2;
    } else if (f->type == IN_ANSISTRING) {
        for (n = 0; n < left && data[n]; n++) continue;
        n++;
    } else if (f->length_field >= 0) {
        BYTE *at = start;

        for (k = 0; k < f->length_field; k++) at += field_size(e, k, start, at, (int)(data - at) + left);
        n = e->fields[f->length_field].length == 1 ? *at : *(int *)at;
    }
    return n >= 0 && n <= left ? n : -1;
}

/* find_field finds a field of an event by name. */
static BYTE *find_field(PEVENT_RECORD event, const PROPERTY_DATA_DESCRIPTOR *d, int *size)
{
    event_layout *e = find_layout(&event->EventHeader);
    BYTE *start = event->UserData, *at = start;
    char name[128];
    int i;

    if (!e || !WideCharToMultiByte(CP_UTF8, 0, (WCHAR *)(ULONG_PTR)d->PropertyName, -1, name, sizeof(name), NULL, NULL)) return NULL;
    for (i = 0; i < e->field_count; at += *size, i++) {
        *size = field_size(e, i, start, at, (int)(start + event->UserDataLength - at));
        if (*size < 0) return NULL;
        if (!strcmp(e->fields[i].name, name)) return at;
    }
    return NULL;
}

ULONG __stdcall TdhGetPropertySize(PEVENT_RECORD event, ULONG contexts, PTDH_CONTEXT context, ULONG count,
                                   PPROPERTY_DATA_DESCRIPTOR descriptors, ULONG *size)
{
    int n;

    if (count != 1 || !find_field(event, descriptors, &n)) return ERROR_NOT_FOUND;
    *size = n;
    return ERROR_SUCCESS;
}

ULONG __stdcall TdhGetProperty(PEVENT_RECORD event, ULONG contexts, PTDH_CONTEXT context, ULONG count,
                               PPROPERTY_DATA_DESCRIPTOR descriptors, ULONG size, PBYTE out)
{
    BYTE *data;
    int n;

    if (count != 1 || !(data = find_field(event, descriptors, &n))) return ERROR_NOT_FOUND;
    if ((ULONG)n > size) return ERROR_INSUFFICIENT_BUFFER;
    memcpy(out, data, n);
    return ERROR_SUCCESS;
}

/* The field lists do not map values to names. */
ULONG __stdcall TdhGetEventMapInformation(PEVENT_RECORD event, LPWSTR name, PEVENT_MAP_INFO out, ULONG *size) { return ERROR_NOT_FOUND; }

/* format writes the text of a value that is not a string. */
static void format(WCHAR *text, USHORT type, const BYTE *data, USHORT length)
{
    const GUID *g = (const GUID *)data;
    USHORT i;

    switch (type) {
    case IN_UINT8: wsprintfW(text, L"%u", *data); break;
    case IN_UINT32: wsprintfW(text, L"%u", *(ULONG *)data); break;
    case IN_UINT64: wsprintfW(text, L"%I64u", *(ULONGLONG *)data); break;
    case IN_BOOLEAN32: lstrcpyW(text, *(ULONG *)data ? L"true" : L"false"); break;
    case IN_POINTER: case IN_FILETIME64: wsprintfW(text, L"0x%I64X", *(ULONGLONG *)data); break;
    case IN_GUID16:
        wsprintfW(text, L"{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", g->Data1, g->Data2, g->Data3, g->Data4[0], g->Data4[1],
                  g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5], g->Data4[6], g->Data4[7]);
        break;
    case IN_BINARY:
        lstrcpyW(text, L"0x");
        for (i = 0; i < length; i++) wsprintfW(text + 2 + 2 * i, L"%02X", data[i]);
        break;
    }
}

/* mingw's tdh.h does not declare this function. */
ULONG __stdcall TdhFormatProperty(PTRACE_EVENT_INFO info, PEVENT_MAP_INFO map, ULONG pointer, USHORT type, USHORT out_type, USHORT length,
                                  USHORT left, PBYTE data, PULONG size, PWCHAR out, PUSHORT consumed)
{
    ULONG room = *size, units, bytes = 0, i;
    WCHAR *text;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == type) bytes = types[i].length;
    if (type == IN_BINARY) bytes = length;
    if (bytes > left) return ERROR_EVT_INVALID_EVENT_DATA;
    if (!(text = malloc((left * 2 + 64) * sizeof(WCHAR)))) return ERROR_OUTOFMEMORY;
    text[0] = 0;
    if (type == IN_UNICODESTRING) {
        for (i = 0; i * 2 + 2 <= left && ((WCHAR *)data)[i]; i++) text[i] = ((WCHAR *)data)[i];
        text[i] = 0;
        bytes = min((i + 1) * 2, left);
    } else if (type == IN_ANSISTRING) {
        for (i = 0; i < left && data[i]; i++) continue;
        text[MultiByteToWideChar(CP_ACP, 0, (char *)data, i, text, left + 1)] = 0;
        bytes = min(i + 1, left);
    } else {
        format(text, type, data, length);
    }
    units = lstrlenW(text) + 1;
    *size = units * sizeof(WCHAR);
    if (*size <= room) memcpy(out, text, *size);
    free(text);
    if (*size > room) return ERROR_INSUFFICIENT_BUFFER;
    *consumed = (USHORT)bytes;
    return ERROR_SUCCESS;
}
