/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that Go 1.26 needs and Wine 8 does not have. Wine 9 has both; then this file is not built.
 *
 * ProcessPrng of bcryptprimitives.dll, which the Go runtime calls at its start; and NtSetInformationFile for
 * FileDispositionInformationEx, which os.RemoveAll uses. Wine 8 returns STATUS_NOT_IMPLEMENTED, which is a final error for Go. With
 * STATUS_INVALID_INFO_CLASS, which older versions of Windows return, Go uses the older method.
 */
#include <windows.h>

#define FILE_DISPOSITION_INFORMATION_EX 64
#define STATUS_INVALID_INFO_CLASS ((LONG)0xC0000003)

typedef LONG (WINAPI *set_information_file)(HANDLE, void *, void *, ULONG, ULONG);

static set_information_file wine;

/* SystemFunction036 is RtlGenRandom. */
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE out, SIZE_T size) { return SystemFunction036(out, (ULONG)size); }

static LONG WINAPI replacement(HANDLE file, void *status, void *information, ULONG size, ULONG class)
{
    return class == FILE_DISPOSITION_INFORMATION_EX ? STATUS_INVALID_INFO_CLASS : wine(file, status, information, size, class);
}

/* replace copies Wine's thunk, 32 bytes that are position-independent, and puts a jump to the replacement at its beginning. */
static void replace(void)
{
    static const BYTE known[] = {0x4c, 0x8b, 0xd1};         /* mov r10, rcx: the beginning of the thunk */
    static const BYTE load[] = {0x48, 0xb8}, jump[] = {0xff, 0xe0}; /* mov rax, address; jmp rax */
    BYTE *thunk = (BYTE *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtSetInformationFile"), *copy;
    void *to = replacement;
    DWORD before;
    int i;

    for (i = 0; i < 3; i++)
        if (!thunk || thunk[i] != known[i]) return;
    if (!(copy = VirtualAlloc(NULL, 32, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE))) return;
    for (i = 0; i < 32; i++) copy[i] = thunk[i];
    wine = (set_information_file)copy;
    if (!VirtualProtect(thunk, 16, PAGE_EXECUTE_READWRITE, &before)) return;
    for (i = 0; i < 2; i++) thunk[i] = load[i];
    for (i = 0; i < 8; i++) thunk[2 + i] = ((BYTE *)&to)[i];
    for (i = 0; i < 2; i++) thunk[10 + i] = jump[i];
    VirtualProtect(thunk, 16, before, &before);
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE dll, DWORD reason, LPVOID reserved)
{
    if (reason == DLL_PROCESS_ATTACH) replace();
    return TRUE;
}
