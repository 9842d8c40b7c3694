# SPDX-License-Identifier: Apache-2.0
#
# Installs the MSI, and checks on a real Windows what Wine cannot show: the service's records of names that are resolved, that its failure actions
# act, the event log, and that it stops in time. -Remove removes it, and checks what stays.
param([Parameter(Mandatory = $true)] [string] $Package, [switch] $Remove)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

$service = 'otelcol-winnet'
$data = Join-Path $env:ProgramData $service
$msi = (Get-ChildItem $Package -Recurse -Filter *.msi | Select-Object -First 1).FullName
$log = Join-Path ([System.IO.Path]::GetTempPath()) 'otelcol-winnet-msi.log'

function Invoke-Installer([string[]] $Arguments) {
  $process = Start-Process -FilePath "$env:WinDir\System32\msiexec.exe" -ArgumentList ($Arguments + @('/qn', '/norestart', '/l*v', "`"$log`"")) -Wait -PassThru
  if ($process.ExitCode -ne 0) {
    Get-Content $log -Tail 80
    throw "msiexec $Arguments ended with $($process.ExitCode)"
  }
}

function Wait-Until([string] $What, [int] $Seconds, [scriptblock] $Ready) {
  $begun = Get-Date
  while (-not (& $Ready)) {
    if (((Get-Date) - $begun).TotalSeconds -gt $Seconds) { throw "not within $Seconds s: $What" }
    Start-Sleep -Milliseconds 500
  }
  Write-Output ('{0}: after {1:n1} s' -f $What, ((Get-Date) - $begun).TotalSeconds)
}

function Get-ServiceProcess { (Get-CimInstance Win32_Service -Filter "Name='$service'").ProcessId }

# The service writes records of a name that nobody else asks for.
function Test-Records {
  $label = 'winnet-ci-' + [guid]::NewGuid().ToString('N')
  Wait-Until "records of $label" 90 {
    Resolve-DnsName -Server 127.0.0.1 -Name "$label.invalid" -DnsOnly -ErrorAction SilentlyContinue | Out-Null
    $files = Get-ChildItem (Join-Path $data 'records') -Filter *.jsonl -ErrorAction SilentlyContinue
    [bool]($files | Where-Object { Select-String -Path $_.FullName -Pattern $label -SimpleMatch -Quiet })
  }
}

if ($Remove) {
  Invoke-Installer @('/x', "`"$msi`"")
  if (Get-Service $service -ErrorAction SilentlyContinue) { throw "the service $service is still there" }
  if (-not (Test-Path (Join-Path $data 'config.yaml'))) { throw 'the configuration is gone' }
  return
}

Invoke-Installer @('/i', "`"$msi`"", 'SOURCES=dns-server,dns-client')
Wait-Until 'the service runs' 60 { (Get-Service $service).Status -eq 'Running' }
Test-Records

# The failure actions act: Windows starts a killed service again.
$before = Get-ServiceProcess
Stop-Process -Id $before -Force
Wait-Until 'a killed service runs again' 180 {
  $now = Get-ServiceProcess
  ((Get-Service $service).Status -eq 'Running') -and $now -and ($now -ne $before)
}
Test-Records

# The event log says that the service started (100), and after the kill that the last run did not end (105). docs/event-log.md has the ids.
$written = @(Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = $service })
Write-Output "the event log has $($written.Count) events of $service, with the ids $(($written.Id | Sort-Object -Unique) -join ', ')"
foreach ($id in 100, 105) {
  if ($id -notin $written.Id) { throw "the event log has no event $id of $service" }
}
if ($written | Where-Object { -not $_.Message }) { throw 'the Event Viewer has no text for an event' }

# The folder is for SYSTEM and Administrators.
icacls $data
foreach ($rule in (Get-Acl $data).Access) {
  $account = $rule.IdentityReference.Translate([System.Security.Principal.SecurityIdentifier]).Value
  if ($account -notin 'S-1-5-18', 'S-1-5-32-544' -and $account -notlike 'S-1-5-80-*') { throw "$account has access to $data" }
}

# A stop ends within the time that the service asks Windows for.
$begun = Get-Date
Stop-Service $service
$took = ((Get-Date) - $begun).TotalSeconds
Write-Output ('the service stopped within {0:n1} s' -f $took)
if ($took -gt 20) { throw 'the service took more than 20 s to stop' }
Start-Service $service
Wait-Until 'the service runs again' 60 { (Get-Service $service).Status -eq 'Running' }
