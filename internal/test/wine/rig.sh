#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Sets up Windows for tests: Wine in a new prefix, with the stand-ins of dll/ in its system directory.
#
#   rig.sh DIR      builds the DLLs into DIR/rig and makes the prefix DIR/wine; installs Wine, mingw-w64 and faketime if they are missing
#   rig.sh DIR run PROGRAM ARGUMENTS...   runs a Windows program there; for `go test -exec`
#   rig.sh DIR keep  starts Wine's server if none runs; it outlives its last program by a minute. `go test -exec` must do without: Wine's services keep a program's output open
#   rig.sh DIR end   ends all programs there, and Wine's server
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dist=$(cd "$1" && pwd)
out=$dist/rig
PATH=$PATH:/usr/lib/wine # where Debian keeps wine64 and wineserver
export LC_ALL=C.UTF-8     # messages of Windows and of the tools are parsed, so they must be English

export WINEPREFIX="$dist/wine" WINEDEBUG="${WINEDEBUG:--all}"
export WINEDLLOVERRIDES='mscoree,mshtml=;advapi32,tdh=n,b' # no dialogs about .NET and a browser; the stand-ins take precedence over Wine's DLLs

if [ "${2:-}" = run ]; then
  shift 2
  exec wine64 "$@"
fi
if [ "${2:-}" = keep ]; then
  # Debian's server ends with its last program, and resets the connection of a program that starts at that moment.
  wineserver -p60 </dev/null >/dev/null 2>&1 || true # one runs
  exit
fi
if [ "${2:-}" = end ]; then
  wineserver -k || true # there may be none
  exec wineserver -w
fi

if ! command -v wine64 >/dev/null || ! command -v x86_64-w64-mingw32-gcc >/dev/null || ! command -v faketime >/dev/null; then
  command -v apt-get >/dev/null || { echo "install Wine (wine64), mingw-w64 (x86_64-w64-mingw32-gcc) and faketime" >&2; exit 1; }
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wine64 gcc-mingw-w64-x86-64 faketime
fi

# Wine's own DLLs for 64-bit programs.
for dir in /usr/lib/*/wine/x86_64-windows /usr/lib64/wine/x86_64-windows /opt/wine-*/lib*/wine/x86_64-windows; do
  [ -e "$dir/advapi32.dll" ] && wine=$dir
done
[ -n "${wine:-}" ] || { echo "no advapi32.dll of Wine found" >&2; exit 1; }

tool=x86_64-w64-mingw32
cc() { $tool-gcc -O2 -Wall -Wextra -Wno-unused-parameter -Wno-unused-function -Werror "$@"; }
exports() { $tool-objdump -p "$1" | awk '/Ordinal\/Name Pointer/ { p = 1; next } p && NF == 0 { exit } p { print $NF }'; }
defined() { $tool-nm "$1" | awk '$2 == "T" { print $3 }'; }

rm -rf "$out" && mkdir -p "$out"

# advapi32: advapi32.c defines some functions; the others are forwarded to a copy of Wine's DLL under another name. The copy must not
# be marked as Wine's own, or Wine loads the original instead.
cc -c -o "$out/advapi32.o" "$here/dll/advapi32.c"
defined "$out/advapi32.o" >"$out/ours"
{
  echo 'LIBRARY advapi32.dll'
  echo EXPORTS
  cat "$out/ours"
  exports "$wine/advapi32.dll" | grep -vxFf "$out/ours" | sed 's/.*/& = advapi32_wine.&/'
} >"$out/advapi32.def"
cc -s -shared -static-libgcc -o "$out/advapi32.dll" "$out/advapi32.o" "$out/advapi32.def" -Wl,--out-implib,"$out/libadvapi32.a"
sed 's/Wine builtin DLL/Wine renamed DLL/' "$wine/advapi32.dll" >"$out/advapi32_wine.dll"

cc -c -o "$out/tdh.o" "$here/dll/tdh.c"
{ echo 'LIBRARY tdh.dll'; echo EXPORTS; defined "$out/tdh.o"; } >"$out/tdh.def"
cc -s -shared -static-libgcc -o "$out/tdh.dll" "$out/tdh.o" "$out/tdh.def"
[ -e "$wine/bcryptprimitives.dll" ] || cc -s -shared -nostdlib -fno-tree-loop-distribute-patterns \
  -o "$out/bcryptprimitives.dll" "$here/dll/bcryptprimitives.c" -lkernel32 -ladvapi32

# ebpfapi: not installed in the prefix; a test installs the release that it needs. Releases differ in their exports.
cc -c -o "$out/ebpfapi.o" "$here/dll/ebpfapi.c"
release() {
  dir=$out/ebpf-$1/ebpf-for-windows # as in Program Files
  mkdir -p "$dir"
  { echo 'LIBRARY ebpfapi.dll'; echo EXPORTS; defined "$out/ebpfapi.o" | grep -vE "$2"; } >"$out/ebpfapi.def"
  cc -s -shared -static-libgcc -o "$dir/ebpfapi.dll" "$out/ebpfapi.o" "$out/ebpfapi.def"
}
release 1.1 '^$'
release 1.0 '^perf_buffer__(poll|consume)'
release 0.21 '^perf_buffer__(poll|consume)|^ebpf_map_set_wait_handle|^ebpf_ring_buffer_map'

cc -s -static-libgcc -o "$out/logman.exe" "$here/dll/logman.c" "$out/libadvapi32.a" -lshell32

wineserver -k 2>/dev/null || true
rm -rf "$WINEPREFIX"
WINEDLLOVERRIDES='mscoree,mshtml=' wine64 wineboot -i >/dev/null 2>&1
wineserver -w
cp "$out"/*.dll "$out/logman.exe" "$WINEPREFIX/drive_c/windows/system32/"
echo "$(wine64 --version) with the stand-ins of internal/test/wine/dll"
