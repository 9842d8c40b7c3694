#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the MSI of otelcol-winnet, equal for equal input, whatever the time and the folder.
#
#   msi.sh ARCH STAGE VERSION COMMIT TIME OUT
#
# ARCH is amd64 or arm64, that of the programs in STAGE, the folder with the files that otelcol-winnet.wxs names. VERSION is MAJOR.MINOR.PATCH, TIME
# is the commit's, in seconds since 1970.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
arch=$1 stage=$(cd "$2" && pwd) version=$3 commit=$4 time=$5
out=$(cd "$(dirname "$6")" && pwd)/$(basename "$6")
# What Windows Installer calls the processor, and which hosts the package is for: a program for another processor than the host's cannot load its eBPF
# for Windows.
case $arch in
amd64) platform=x64 hosts='<>' other=arm64 ;;
arm64) platform=Arm64 hosts='=' other=amd64 ;;
*) echo "$arch: want amd64 or arm64" >&2; exit 1 ;;
esac
export LC_ALL=C.UTF-8 TZ=UTC

# A GUID made from a name, so that every build of a commit has the same.
guid() { printf '%s' "$1" | sha256sum | sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-5\3-8\4-\5/' | tr a-f A-F; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$stage"/* "$here/otelcol-winnet.wxs" "$work"
find "$work" -exec touch -d "@$time" {} +
cd "$work"
# The cabinet and the summary have times.
clock() { faketime "$(date -u -d "@$time" '+%Y-%m-%d %H:%M:%S')" "$@"; }
# wixl does not know ARM64. All that its x64 means is 64-bit; the last line names the processor.
clock wixl -a x64 -D "Version=$version" -D "ProductCode=$(guid "product $version $commit $arch")" -o w.msi otelcol-winnet.wxs

# All statements in one run, because each run of msibuild writes the whole file.
set --
while IFS= read -r line; do
  case $line in '' | --*) ;; *) set -- "$@" "$line" ;; esac
done <<SQL
$(sed -e "s/'VERSION'/'$version'/" -e "s/@HOSTS@/$hosts/; s/@ARCH@/$arch/; s/@OTHER@/$other/" "$here/tables.sql")
SQL
msibuild w.msi -q "$@"

# Tables that wixl does not know, as text: the columns, their types, the key, then the rows. Event 1: at the installation. ConfigType 3: delayed start;
# 4: an end with an error is a failure, too. Action 1: restart, after 10, 60 and 300 s; the count of failures is zero again after a day without one.
row() { printf '%s' "$1" | tr '|' '\t'; printf '\r\n'; }
{
  row 'MsiServiceConfig|Name|Event|ConfigType|Argument|Component_'
  row 's72|s255|i4|i4|S255|s72'
  row 'MsiServiceConfig|MsiServiceConfig'
  row 'DelayedStart|otelcol-winnet|1|3|1|Program'
  row 'FailureFlag|otelcol-winnet|1|4|1|Program'
} >MsiServiceConfig.idt
{
  row 'MsiServiceConfigFailureActions|Name|Event|ResetPeriod|RebootMessage|Command|Actions|DelayActions|Component_'
  row 's72|s255|i4|I4|L255|L255|S255|S255|s72'
  row 'MsiServiceConfigFailureActions|MsiServiceConfigFailureActions'
  row 'Restart|otelcol-winnet|1|86400|||1[~]1[~]1|10000[~]60000[~]300000|Program'
} >MsiServiceConfigFailureActions.idt
msibuild w.msi -i MsiServiceConfig.idt MsiServiceConfigFailureActions.idt
# The package's identifier, equal for every build of the commit.
clock msibuild w.msi -s 'OpenTelemetry Collector for Windows DNS and Windows Cilium events' otelcol-winnet "$platform;1033" "{$(guid "package $version $commit $arch")}"
mv w.msi "$out"
