# SPDX-License-Identifier: Apache-2.0
#
# Installs a release of eBPF for Windows with its JIT compiler. The MSI is compared with the digest that GitHub publishes for it, and with the one
# in ebpf.sha256 beside this file, if that has a line for it: HASH, two blanks, the file's name. The hash of the release was not known when this was
# written: the first run prints it, so that it can be committed.
param([Parameter(Mandatory = $true)] [string] $Version)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

$name = "ebpf-for-windows.x64.$Version.msi"
$headers = @{ Accept = 'application/vnd.github+json' }
if ($env:GH_TOKEN) { $headers.Authorization = "Bearer $env:GH_TOKEN" }
$releases = Invoke-RestMethod -Headers $headers -Uri 'https://api.github.com/repos/microsoft/ebpf-for-windows/releases?per_page=100'
$asset = $releases | ForEach-Object { $_.assets } | Where-Object { $_.name -eq $name } | Select-Object -First 1
if (-not $asset) { throw "no release of microsoft/ebpf-for-windows has a file $name" }

$path = Join-Path ([System.IO.Path]::GetTempPath()) $name
Invoke-WebRequest -Uri $asset.browser_download_url -OutFile $path
$hash = (Get-FileHash -Algorithm SHA256 -Path $path).Hash.ToLowerInvariant()
Write-Output "$hash  $name"
$published = if ($asset.PSObject.Properties['digest']) { $asset.digest } else { $null }
if ($published -and $published -ne "sha256:$hash") { throw "GitHub publishes $published for $name" }
$pins = Join-Path $PSScriptRoot 'ebpf.sha256'
$pinned = if (Test-Path $pins) { Get-Content $pins | Where-Object { $_ -like "*  $name" } | Select-Object -First 1 } else { $null }
if ($pinned) {
  if ($pinned -ne "$hash  $name") { throw "ebpf.sha256 has $pinned" }
} else {
  Write-Output "::warning::no hash of $name is committed; put the line above into internal/test/windows/ebpf.sha256"
}

$log = Join-Path ([System.IO.Path]::GetTempPath()) 'ebpf-install.log'
$arguments = @('/i', "`"$path`"", '/qn', '/norestart', '/l*v', "`"$log`"", 'ADDLOCAL=eBPF_Runtime_Components,eBPF_Runtime_Components_JIT')
$process = Start-Process -FilePath "$env:WinDir\System32\msiexec.exe" -ArgumentList $arguments -Wait -PassThru
if ($process.ExitCode -ne 0) {
  Get-Content $log -Tail 50
  throw "msiexec ended with $($process.ExitCode)"
}
foreach ($service in 'ebpfcore', 'netebpfext', 'ebpfsvc') {
  $state = (Get-Service $service).Status
  Write-Output "$service is $state"
  if ($state -ne 'Running') { throw "$service does not run" }
}
