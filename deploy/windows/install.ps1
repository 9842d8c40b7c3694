# SPDX-License-Identifier: Apache-2.0
<#
.SYNOPSIS
Installs otelcol-winnet as a service, or upgrades it, with the same result as the MSI.

.DESCRIPTION
Run it as Administrator in the folder of the unpacked zip. A config.yaml that is there stays as it is, and so do the settings that are not given.
If a step fails, the settings and the program are put back, and the script ends with an error.

.EXAMPLE
.\install.ps1 -Sources dns-server -ConnectionStringFile C:\secret\connection-string.txt

.EXAMPLE
.\install.ps1 -Sources dns-server,cilium -Endpoint https://winnet-1234.eastus-1.ingest.monitor.azure.com -RuleId dcr-0123456789abcdef0123456789abcdef
#>
[CmdletBinding()]
param(
    [ValidateSet('dns-server', 'dns-client', 'cilium')]
    [string[]] $Sources,
    # A file with the connection string of the Application Insights resource. A command line would be kept in logs.
    [string] $ConnectionStringFile,
    # Microsoft Sentinel: the endpoint and the immutable id of the data collection rule; without a managed identity, the service principal.
    [string] $Endpoint,
    [string] $RuleId,
    [string] $TenantId,
    [string] $ClientId,
    [string] $ClientSecretFile,
    # yes: Windows records events from its start on. no: it no longer does.
    [ValidateSet('yes', 'no')]
    [string] $AutoLogger
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$name = 'otelcol-winnet'
$program = Join-Path $env:ProgramFiles $name
$data = Join-Path $env:ProgramData $name
$exe = Join-Path $program 'otelcol-winnet.exe'
$files = 'otelcol-winnet.exe', 'LICENSE', 'NOTICE', 'GPL-3.0.txt'
$service = "HKLM:\SYSTEM\CurrentControlSet\Services\$name"
$source = "HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\$name"

function Invoke-Program {
    # Runs a program of Windows or of the collector, and fails if its exit code is not 0.
    param([string] $File, [string[]] $Arguments)
    & $File @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "$(Split-Path -Leaf $File) $($Arguments[0]) failed with exit code $LASTEXITCODE."
    }
}

$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this script as Administrator.'
}

$settings = @{
    SOURCES                                    = $Sources -join ','
    AUTOLOGGER                                 = $AutoLogger
    APPLICATIONINSIGHTS_CONNECTION_STRING_FILE = $ConnectionStringFile
    AZURE_DCE_ENDPOINT                         = $Endpoint
    AZURE_DCR_ID                               = $RuleId
    AZURE_TENANT_ID                            = $TenantId
    AZURE_CLIENT_ID                            = $ClientId
    AZURE_CLIENT_SECRET_FILE                   = $ClientSecretFile
}
$arguments = @('setup', 'apply', '--data', $data)
foreach ($setting in $settings.GetEnumerator()) {
    if ($setting.Value) {
        $arguments += '--set', "$($setting.Key)=$($setting.Value)"
    }
}

$existing = Get-Service -Name $name -ErrorAction SilentlyContinue
if ($existing) {
    Stop-Service -Name $name
    $existing.WaitForStatus('Stopped', '00:01:00')
}

$backup = "$program.before-setup"
if (Test-Path -LiteralPath $backup) {
    Remove-Item -LiteralPath $backup -Recurse -Force
}
if (Test-Path -LiteralPath $program) {
    Copy-Item -LiteralPath $program -Destination $backup -Recurse
}

try {
    New-Item -ItemType Directory -Path $program -Force | Out-Null
    foreach ($file in $files) {
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot $file) -Destination $program -Force
    }
    Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'config.yaml') -Destination (Join-Path $program 'config.default.yaml') -Force

    # The folder is closed to users before anything is put into it.
    Invoke-Program $exe $arguments
    $config = Join-Path $data 'config.yaml'
    if (-not (Test-Path -LiteralPath $config)) {
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'config.yaml') -Destination $config
    }

    $environment = Join-Path $data 'environment'
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
    Write-Warning 'The installation failed. What was there before is put back.'
    Stop-Service -Name $name -ErrorAction SilentlyContinue
    if (Test-Path -LiteralPath $exe) {
        & $exe setup rollback --data $data
    }
    if (-not $existing) {
        & sc.exe delete $name | Out-Null
        Remove-Item -LiteralPath $source -Recurse -Force -ErrorAction SilentlyContinue
    }
    Remove-Item -LiteralPath $program -Recurse -Force -ErrorAction SilentlyContinue
    if (Test-Path -LiteralPath $backup) {
        Move-Item -LiteralPath $backup -Destination $program
    }
    if ($existing) {
        Start-Service -Name $name -ErrorAction SilentlyContinue
    }
    throw $failure
}
if (Test-Path -LiteralPath $backup) {
    Remove-Item -LiteralPath $backup -Recurse -Force
}
Write-Output "$name runs as a service. Its configuration is $config, its settings are in $environment."
