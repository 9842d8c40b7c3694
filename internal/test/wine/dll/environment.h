/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment variables that control this "Windows"; advapi32.c documents them.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static ULONG env_number(const char *name, ULONG otherwise)
{
    char text[32];

    return GetEnvironmentVariableA(name, text, sizeof(text)) ? strtoul(text, NULL, 0) : otherwise;
}

/* fault returns the error that WINDOWSTEST_FAIL sets for a call, or 0. */
static ULONG fault(const char *call)
{
    char list[512], *item;
    size_t n = strlen(call);

    if (!GetEnvironmentVariableA("WINDOWSTEST_FAIL", list, sizeof(list))) return 0;
    for (item = strtok(list, ","); item; item = strtok(NULL, ","))
        if (!strncmp(item, call, n) && item[n] == '=') return strtoul(item + n + 1, NULL, 0);
    return 0;
}

/* doze waits a millisecond. Wine's Sleep waits by the clock of the system, and longer by what that is set back meanwhile. */
static void doze(void) { WaitForSingleObject(GetCurrentThread(), 1); }

#endif
