#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Sets up Windows for the tests of the installation: Wine in a new prefix, as it is but for bcryptprimitives.dll, which Go needs and Wine 8 lacks.
#
#   prefix.sh DIR    makes the prefix DIR; installs Wine and mingw-w64 if they are missing
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
WINEPREFIX=$(cd "$1" && pwd)
PATH=$PATH:/usr/lib/wine # where Debian keeps wine64 and wineserver
export WINEPREFIX WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='

if ! command -v wine64 >/dev/null || ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
  command -v apt-get >/dev/null || { echo "install Wine (wine64) and mingw-w64 (x86_64-w64-mingw32-gcc)" >&2; exit 1; }
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wine64 gcc-mingw-w64-x86-64
fi

wineserver -k 2>/dev/null || true
rm -rf "$WINEPREFIX"
DISPLAY='' wine64 wineboot -i >/dev/null 2>&1
DISPLAY='' wine64 winecfg -v win10 >/dev/null 2>&1 # by default Wine 8 is Windows 7, which the installer refuses
wineserver -w
dll=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
[ -e "$dll" ] || x86_64-w64-mingw32-gcc -O2 -s -shared -nostdlib -fno-tree-loop-distribute-patterns \
  -o "$dll" "$here/../wine/dll/bcryptprimitives.c" -lkernel32 -ladvapi32
echo "$(wine64 --version) for the installation"
