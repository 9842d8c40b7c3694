# SPDX-License-Identifier: Apache-2.0
#
# Installs the MSI, and checks on a real Windows what Wine cannot show: the service's records of names that are resolved, that its failure actions
# act, the event log, that it stops in time, and upgrades: one that fails, and one that keeps a virtual account. Next is the folder of the MSI of a
# later version. -Remove removes it, and checks what stays.
param([Parameter(Mandatory = $true)] [string] $Package, [string] $Next, [switch] $Remove)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

$service = 'otelcol-winnet'
$data = Join-Path $env:ProgramData $service
$msi = (Get-ChildItem $Package -Recurse -Filter *.msi | Select-Object -First 1).FullName
$later = if ($Next) { (Get-ChildItem $Next -Recurse -Filter *.msi | Select-Object -First 1).FullName }
$log = Join-Path ([System.IO.Path]::GetTempPath()) 'otelcol-winnet-msi.log'

function Start-Installer([string[]] $Arguments) {
  $process = Start-Process -FilePath "$env:WinDir\System32\msiexec.exe" -ArgumentList ($Arguments + @('/qn', '/norestart', '/l*v', "`"$log`"")) -Wait -PassThru
  $process.ExitCode
}

function Invoke-Installer([string[]] $Arguments) {
  $code = Start-Installer $Arguments
  if ($code -ne 0) {
    Get-Content $log -Tail 80
    throw "msiexec $Arguments ended with $code"
  }
}

function Get-InstalledVersion {
  @(Get-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\* -ErrorAction SilentlyContinue |
    Where-Object { $_.PSObject.Properties['DisplayName'] -and $_.DisplayName -eq $service } | ForEach-Object { $_.DisplayVersion }) -join ' '
}

# The reasons of failed installations since a time. No query by the name of the provider: that fails until an installation has registered the source,
# and then the message is empty as well.
function Get-Reason([datetime] $Since) {
  Get-WinEvent -LogName Application -FilterXPath "*[System[Provider[@Name='$service'] and EventID=107]]" -ErrorAction SilentlyContinue |
    Where-Object { $_.TimeCreated -ge $Since } | ForEach-Object { $_.Properties[0].Value }
}

# Neither the log of the installer nor the Event Log has the secret that an installation was given as a property.
$key = '11111111-2222-3333-4444-555555555555'
$secret = "InstrumentationKey=$key;IngestionEndpoint=http://127.0.0.1:9/"
$connection = "APPLICATIONINSIGHTS_CONNECTION_STRING=`"$secret`""
function Test-Secret([string] $What) {
  if (Select-String -Path $log -Pattern $key -SimpleMatch -Quiet) { throw "${What}: the log of the installer has the connection string" }
  if (Get-WinEvent -LogName Application -MaxEvents 500 | Where-Object { $_.ToXml().Contains($key) }) { throw "${What}: the log Application has the connection string" }
}

# All of the data folder is closed to users.
function Test-Access([string[]] $Allowed) {
  foreach ($path in @($data) + @(Get-ChildItem $data -Recurse -Force | ForEach-Object { $_.FullName })) {
    foreach ($rule in (Get-Acl -LiteralPath $path).Access) {
      $account = $rule.IdentityReference.Translate([System.Security.Principal.SecurityIdentifier]).Value
      if ($account -notin $Allowed) { throw "$account has access to $path" }
    }
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
  Invoke-Installer @('/x', "`"$(if ($later) { $later } else { $msi })`"")
  if (Get-Service $service -ErrorAction SilentlyContinue) { throw "the service $service is still there" }
  if (-not (Test-Path (Join-Path $data 'config.yaml'))) { throw 'the configuration is gone' }
  return
}

# What lies in the folder before, open to users. A link in it is refused.
New-Item -ItemType Directory -Force (Join-Path $data 'records') | Out-Null
New-Item -ItemType Junction -Path (Join-Path $data 'storage') -Target $env:TEMP | Out-Null
$begun = Get-Date
if ((Start-Installer @('/i', "`"$msi`"", 'SOURCES=dns-server,dns-client', $connection)) -eq 0) { throw 'a junction in the data folder was accepted' }
if (-not (Get-Reason $begun | Where-Object { $_ -like '*storage leads to another file or folder*' })) { throw 'the Event Log has no reason of the failed installation' }
Test-Secret 'a failed installation'
if (Get-Service $service -ErrorAction SilentlyContinue) { throw 'a failed installation left a service' }
(Get-Item (Join-Path $data 'storage')).Delete()

# A secret comes from a file, and as a property it is not in the log either.
Invoke-Installer @('/i', "`"$msi`"", 'SOURCES=dns-server,dns-client', $connection)
Test-Secret 'an installation'
# The checks below read the records, so they go to files.
$environment = Join-Path $data 'environment'
(Get-Content $environment) -replace '^OTELCOL_WINNET_EXPORTERS=.*', 'OTELCOL_WINNET_EXPORTERS=[file]' -notmatch '^APPLICATIONINSIGHTS_CONNECTION_STRING=' | Set-Content $environment
Restart-Service $service
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
icacls $data /T
Test-Access @('S-1-5-18', 'S-1-5-32-544')

# A stop ends within the time that the service asks Windows for.
$begun = Get-Date
Stop-Service $service
$took = ((Get-Date) - $begun).TotalSeconds
Write-Output ('the service stopped within {0:n1} s' -f $took)
if ($took -gt 20) { throw 'the service took more than 20 s to stop' }
Start-Service $service
Wait-Until 'the service runs again' 60 { (Get-Service $service).Status -eq 'Running' }

if (-not $later) { return }

# An upgrade with a wrong setting changes nothing, and the Event Log has the reason.
$version, $before, $begun = (Get-InstalledVersion), (Get-ServiceProcess), (Get-Date)
if ((Start-Installer @('/i', "`"$later`"", 'SOURCES=dns-sever', $connection)) -eq 0) { throw 'a wrong setting was accepted' }
Test-Secret 'a wrong setting'
if ((Get-InstalledVersion) -ne $version) { throw "the version is now $(Get-InstalledVersion), and was $version" }
if ((Get-ServiceProcess) -ne $before) { throw 'the service was stopped by an upgrade that could not be' }
if (-not (Get-Reason $begun | Where-Object { $_ -like '*dns-sever*' })) { throw 'the Event Log has no reason of the failed upgrade' }

# One that fails after the old version was removed brings that back: the new program refuses a folder that has a link in it.
New-Item -ItemType Junction -Path (Join-Path $data 'link') -Target $env:TEMP | Out-Null
if ((Start-Installer @('/i', "`"$later`"")) -eq 0) { throw 'a junction in the data folder was accepted' }
(Get-Item (Join-Path $data 'link')).Delete()
if ((Get-InstalledVersion) -ne $version) { throw "after a failed upgrade the version is $(Get-InstalledVersion), and was $version" }
Wait-Until 'the old version runs again' 60 { (Get-Service $service).Status -eq 'Running' }
Test-Records

# Other settings of the version that is installed: the service starts again to read them.
$before = Get-ServiceProcess
Invoke-Installer @('/i', "`"$msi`"", 'METRICS_PORT=28888')
Wait-Until 'the service runs with other settings' 60 { (Get-ServiceProcess) -notin 0, $before }
if (-not (Select-String -Path $environment -Pattern '^OTELCOL_WINNET_METRICS_PORT=28888$' -Quiet)) { throw 'the setting is not in the file environment' }

# An upgrade keeps an account with fewer rights, and that account's access.
$account = "NT SERVICE\$service"
sc.exe config $service obj= $account
Add-LocalGroupMember -SID S-1-5-32-559 -Member $account # Performance Log Users
$kept = Get-Content $environment -Raw
# While a program has the service open, as services.msc has, one that is deleted cannot be made again: an upgrade does not delete it.
$open = Get-Service $service
$handle = $open.ServiceHandle
Invoke-Installer @('/i', "`"$later`"")
$handle.Dispose()
if ((Get-InstalledVersion) -eq $version) { throw "the version is still $version" }
if ((Get-CimInstance Win32_Service -Filter "Name='$service'").StartName -ne $account) { throw 'the upgrade changed the account of the service' }
if ((Get-Content $environment -Raw) -ne $kept) { throw 'the upgrade changed the settings' }
Wait-Until 'the new version runs' 60 { (Get-Service $service).Status -eq 'Running' }
$sid = (New-Object System.Security.Principal.NTAccount $account).Translate([System.Security.Principal.SecurityIdentifier]).Value
Test-Access @('S-1-5-18', 'S-1-5-32-544', $sid)
Test-Records
