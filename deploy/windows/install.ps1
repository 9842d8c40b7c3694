# SPDX-License-Identifier: Apache-2.0
<#
.SYNOPSIS
Installs otelcol-winnet as a service, or upgrades it, with the same result as the MSI.

.DESCRIPTION
Run it as Administrator in the folder of the unpacked zip. A config.yaml that is there stays as it is, and so do the settings that are not given,
and the service's account. If a step fails, the settings and the program are put back, and the script ends with an error.

Windows marks files from the internet, and by default its server editions run a marked script only when it is signed. This one is not signed:
  Unblock-File .\install.ps1, .\uninstall.ps1
  powershell.exe -ExecutionPolicy Bypass -File .\install.ps1 -Sources dns-server

.EXAMPLE
.\install.ps1 -Sources dns-server -ConnectionStringFile $env:USERPROFILE\connection-string.txt

.EXAMPLE
.\install.ps1 -Sources dns-server,cilium -Endpoint https://winnet-1234.eastus-1.ingest.monitor.azure.com -RuleId dcr-0123456789abcdef0123456789abcdef
#>
[CmdletBinding()]
param(
    # dns-server, dns-client, cilium. powershell.exe -File makes one string of a list; the program checks it.
    [string[]] $Sources,
    # A file with the connection string of the Application Insights resource, which belongs to an administrator. A command line would be kept in logs.
    [string] $ConnectionStringFile,
    # Microsoft Sentinel: the endpoint and the immutable id of the data collection rule; without a managed identity, the service principal.
    [string] $Endpoint,
    [string] $RuleId,
    [string] $TenantId,
    [string] $ClientId,
    [string] $ClientSecretFile,
    # The ports of the health check, 13133, and of the collector's metrics, 8888, where another collector of the host has them.
    [ValidateRange(1, 65535)]
    [int] $HealthPort,
    [ValidateRange(1, 65535)]
    [int] $MetricsPort,
    # yes: Windows records events from its start on. no: it no longer does.
    [ValidateSet('yes', 'no')]
    [string] $AutoLogger
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

if (-not [Environment]::Is64BitOperatingSystem) {
    throw 'otelcol-winnet needs a 64-bit Windows.'
}

$name = 'otelcol-winnet'
# In a 32-bit PowerShell $env:ProgramFiles is another folder.
$program = Join-Path $env:ProgramW6432 $name
$data = Join-Path $env:ProgramData $name
$exe = Join-Path $program 'otelcol-winnet.exe'
$files = 'otelcol-winnet.exe', 'winnet-verify.exe', 'LICENSE', 'NOTICE', 'GPL-3.0.txt'
$service = "HKLM:\SYSTEM\CurrentControlSet\Services\$name"
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

function Invoke-Program {
    # Runs a program of Windows or of the collector, and fails if its exit code is not 0.
    param([string] $File, [string[]] $Arguments)
    # In a remote session each line of a program's standard error is an error record, which would end the script; the exit code decides.
    $ErrorActionPreference = 'Continue'
    $global:LASTEXITCODE = -1 # a program that cannot be started would leave that of an earlier one
    & $File @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "$(Split-Path -Leaf $File) $($Arguments[0]) failed with exit code $LASTEXITCODE."
    }
}

$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this script as Administrator.'
}

$windows = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
if ([int] $windows.CurrentBuildNumber -lt 14393) {
    throw 'otelcol-winnet needs Windows 10 1607, Windows Server 2016, or a later version.'
}
# A program for another processor than the host's cannot load its eBPF for Windows. The machine's own variable is that of Windows, and not of this process.
$processor = (Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment').PROCESSOR_ARCHITECTURE
$image = New-Object byte[] 4096
$stream = [IO.File]::OpenRead((Join-Path $PSScriptRoot 'otelcol-winnet.exe'))
[void] $stream.Read($image, 0, $image.Length)
$stream.Dispose()
# IMAGE_FILE_HEADER.Machine follows the signature of the header, whose offset is at 0x3C.
$machine = [BitConverter]::ToUInt16($image, [BitConverter]::ToInt32($image, 0x3C) + 4)
if (($processor -eq 'ARM64') -ne ($machine -eq 0xAA64)) {
    throw "This zip is for another processor than $processor. Take the one for this host."
}
# Windows Installer would put its own files back, and remove the service with its product.
if (Get-MsiProduct) {
    throw 'otelcol-winnet is installed by its MSI. Upgrade it with the MSI, or remove it first.'
}

# The program wants full paths, and does not see the folder of a drive of PowerShell's own.
$secretFiles = @($ConnectionStringFile, $ClientSecretFile | ForEach-Object {
        if ($_) { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($_) } else { '' }
    })
$settings = @{
    SOURCES                                    = $Sources -join ','
    AUTOLOGGER                                 = $AutoLogger
    HEALTH_PORT                                = $HealthPort
    METRICS_PORT                               = $MetricsPort
    APPLICATIONINSIGHTS_CONNECTION_STRING_FILE = $secretFiles[0]
    AZURE_DCE_ENDPOINT                         = $Endpoint
    AZURE_DCR_ID                               = $RuleId
    AZURE_TENANT_ID                            = $TenantId
    AZURE_CLIENT_ID                            = $ClientId
    AZURE_CLIENT_SECRET_FILE                   = $secretFiles[1]
}
$given = @()
foreach ($setting in $settings.GetEnumerator()) {
    if ($setting.Value) {
        $given += '--set', "$($setting.Key)=$($setting.Value)"
    }
}
# A wrong setting changes nothing.
Invoke-Program (Join-Path $PSScriptRoot 'otelcol-winnet.exe') (@('setup', 'check', '--data', $data) + $given)

$existing = Get-Service -Name $name -ErrorAction SilentlyContinue
$running = $existing -and $existing.Status -ne 'Stopped'
$backup = "$program.before-setup"
$copied = $false

try {
    if ($existing) {
        # Without -NoWait it waits without end for a service that does not stop.
        Stop-Service -Name $name -NoWait
        $existing.WaitForStatus('Stopped', '00:01:00')
    }
    if (Test-Path -LiteralPath $backup) {
        Remove-Item -LiteralPath $backup -Recurse -Force
    }
    if (Test-Path -LiteralPath $program) {
        Copy-Item -LiteralPath $program -Destination $backup -Recurse
    }
    $copied = $true

    New-Item -ItemType Directory -Path $program -Force | Out-Null
    foreach ($file in $files) {
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot $file) -Destination $program -Force
    }
    Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'config.yaml') -Destination (Join-Path $program 'config.default.yaml') -Force

    # It makes the folder, closed to users, and config.yaml in it. The service that is there keeps its account.
    Invoke-Program $exe (@('setup', 'apply', '--data', $data, '--default', (Join-Path $program 'config.default.yaml')) + $given)
    $config = Join-Path $data 'config.yaml'
    $environment = Join-Path $data 'environment'
    # With the settings and the configuration that the service would read.
    Invoke-Program $exe @('validate', '--env-file', $environment, '--config', $config)
    $command = "`"$exe`" --env-file `"$environment`" --config `"$config`""
    if (-not $existing) {
        New-Service -Name $name -DisplayName $name -StartupType Automatic -BinaryPathName $command `
            -Description 'Reads DNS Server, DNS Client and Cilium events and sends them as OpenTelemetry log records.' | Out-Null
    }
    Set-ItemProperty -LiteralPath $service -Name ImagePath -Type ExpandString -Value $command
    Set-ItemProperty -LiteralPath $service -Name Environment -Type MultiString -Value @('GOMEMLIMIT=640MiB')
    Invoke-Program sc.exe @('config', $name, 'start=', 'delayed-auto')
    Invoke-Program sc.exe @('failure', $name, 'reset=', '86400', 'actions=', 'restart/10000/restart/60000/restart/300000')
    Invoke-Program sc.exe @('failureflag', $name, '1')
    New-Item -Path $source -Force | Out-Null
    Set-ItemProperty -LiteralPath $source -Name EventMessageFile -Type ExpandString -Value '%SystemRoot%\System32\EventCreate.exe'
    Set-ItemProperty -LiteralPath $source -Name TypesSupported -Type DWord -Value 7
    Start-Service -Name $name
    Invoke-Program $exe @('setup', 'commit', '--data', $data)
} catch {
    $failure = $_
    $ErrorActionPreference = 'Continue' # each step is tried, whatever fails before it
    Write-Warning 'The installation failed. What was there before is put back.'
    if ($copied) { # before that, the program was not touched
        $now = Get-Service -Name $name -ErrorAction SilentlyContinue
        if ($now) {
            Stop-Service -Name $name -NoWait
            try { $now.WaitForStatus('Stopped', '00:01:00') } catch { Write-Warning "$_" }
        }
        if (Test-Path -LiteralPath $exe) {
            try { & $exe setup rollback --data $data } catch { Write-Warning "$_" }
        }
        if (-not $existing) {
            & sc.exe delete $name | Out-Null
            Remove-Item -LiteralPath $source -Recurse -Force -ErrorAction SilentlyContinue
        }
        Remove-Item -LiteralPath $program -Recurse -Force -ErrorAction SilentlyContinue
        if (Test-Path -LiteralPath $backup) {
            # File by file: a folder that could not be removed would get the backup as a folder in it.
            New-Item -ItemType Directory -Path $program -Force | Out-Null
            Copy-Item -Path (Join-Path $backup '*') -Destination $program -Recurse -Force -ErrorVariable left
            if ($left) { # a file is in use
                Write-Warning "Some files could not be put back. They are in $backup."
            } else {
                Remove-Item -LiteralPath $backup -Recurse -Force
            }
        }
    }
    if ($running) {
        Start-Service -Name $name -ErrorAction SilentlyContinue
    }
    throw $failure
}
if (Test-Path -LiteralPath $backup) {
    Remove-Item -LiteralPath $backup -Recurse -Force
}
Write-Output "$name runs as a service. Its configuration is $config, its settings are in $environment."
