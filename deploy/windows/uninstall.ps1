# SPDX-License-Identifier: Apache-2.0
<#
.SYNOPSIS
Removes the service and the program that install.ps1 installed. The configuration and the data stay in %ProgramData%\otelcol-winnet.

.EXAMPLE
.\uninstall.ps1
#>
[CmdletBinding()]
param()

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$name = 'otelcol-winnet'
# In a 32-bit PowerShell $env:ProgramFiles is another folder.
$program = Join-Path $env:ProgramW6432 $name
$exe = Join-Path $program 'otelcol-winnet.exe'
$source = "HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\$name"

function Get-MsiProduct {
    # The product code of an installation by the MSI, from the 64-bit registry, also in a 32-bit PowerShell.
    $machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $products = $machine.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall')
    foreach ($code in $products.GetSubKeyNames()) {
        $product = $products.OpenSubKey($code)
        if ($product -and $product.GetValue('DisplayName') -eq $name -and $product.GetValue('WindowsInstaller')) {
            $code
        }
    }
}

$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this script as Administrator.'
}

$product = Get-MsiProduct
if ($product) {
    throw "otelcol-winnet is installed by its MSI. Remove it with: msiexec /x $product /norestart"
}

$existing = Get-Service -Name $name -ErrorAction SilentlyContinue
if ($existing) {
    # Without -NoWait it waits without end for a service that does not stop.
    Stop-Service -Name $name -NoWait
    $existing.WaitForStatus('Stopped', '00:01:00')
    & sc.exe delete $name
    if ($LASTEXITCODE -ne 0) {
        throw "sc.exe delete failed with exit code $LASTEXITCODE."
    }
}
if (Test-Path -LiteralPath $exe) {
    & $exe setup remove
    if ($LASTEXITCODE -ne 0) {
        throw "otelcol-winnet.exe setup remove failed with exit code $LASTEXITCODE."
    }
    Remove-Item -LiteralPath $program -Recurse -Force
}
if (Test-Path -LiteralPath $source) {
    Remove-Item -LiteralPath $source -Recurse -Force
}
Write-Output "$name is removed. Its configuration and data are still in $(Join-Path $env:ProgramData $name)."
