# SPDX-License-Identifier: Apache-2.0
#
# Installs a release of eBPF for Windows that loads bytecode, which the test's own program is. The release's MSI is a NativeOnly build: its JIT compiler
# and interpreter are compiled out, and it refuses bytecode as not supported. Build.Release.x64.zip of the same release is the regular build, with
# setup-ebpf.ps1, which installs the MSI beside it with all features. Read for this: the release process (docs/ReleaseProcess.md),
# scripts/setup-ebpf.ps1 and pull requests 2448 (no JIT in native-only builds) and 4442 (ebpfsvc is no longer a feature of its own, so naming
# eBPF_Runtime_Components_JIT fails) of microsoft/ebpf-for-windows. The regular build's drivers are signed for tests: Windows loads them only
# with test signing on, and the script says so if it is off.
#
# The zip is compared with the digest that GitHub publishes for it, and with the one in ebpf.sha256 beside this file, if that has a line for it:
# HASH, two blanks, VERSION/NAME. The hash of the release was not known when this was written: the first run prints it, so that it can be committed.
param([Parameter(Mandatory = $true)] [string] $Version)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

$name = 'Build.Release.x64.zip'
$headers = @{ Accept = 'application/vnd.github+json' }
if ($env:GH_TOKEN) { $headers.Authorization = "Bearer $env:GH_TOKEN" }
# A release is known by its MSI's name: the tags had several forms.
$releases = Invoke-RestMethod -Headers $headers -Uri 'https://api.github.com/repos/microsoft/ebpf-for-windows/releases?per_page=100'
$release = $releases | Where-Object { $_.assets.name -contains "ebpf-for-windows.x64.$Version.msi" } | Select-Object -First 1
if (-not $release) { throw "no release of microsoft/ebpf-for-windows has a file ebpf-for-windows.x64.$Version.msi" }
$asset = $release.assets | Where-Object { $_.name -eq $name } | Select-Object -First 1
if (-not $asset) { throw "release $($release.tag_name) has no file $name; it has $($release.assets.name -join ', ')" }

$folder = Join-Path ([System.IO.Path]::GetTempPath()) "ebpf-$Version"
New-Item -ItemType Directory -Force $folder | Out-Null
$path = Join-Path $folder $name
Invoke-WebRequest -Uri $asset.browser_download_url -OutFile $path
$hash = (Get-FileHash -Algorithm SHA256 -Path $path).Hash.ToLowerInvariant()
Write-Output "$hash  $Version/$name"
$published = if ($asset.PSObject.Properties['digest']) { $asset.digest } else { $null }
if ($published -and $published -ne "sha256:$hash") { throw "GitHub publishes $published for $name" }
$pins = Join-Path $PSScriptRoot 'ebpf.sha256'
$pinned = if (Test-Path $pins) { Get-Content $pins | Where-Object { $_ -like "*  $Version/$name" } | Select-Object -First 1 } else { $null }
if ($pinned) {
  if ($pinned -ne "$hash  $Version/$name") { throw "ebpf.sha256 has $pinned" }
} else {
  Write-Output "::warning::no hash of $name $Version is committed; put the line above into internal/test/windows/ebpf.sha256"
}

# The build is zipped once more by the workflow that made it.
$build = Join-Path $folder 'build'
Expand-Archive -Path $path -DestinationPath $build -Force
$inner = Get-ChildItem $build -Filter 'build-*.zip' | Select-Object -First 1
if ($inner) { Expand-Archive -Path $inner.FullName -DestinationPath $build -Force }
$setup = Get-ChildItem $build -Recurse -Filter setup-ebpf.ps1 | Select-Object -First 1
if (-not $setup) { throw "$name has no setup-ebpf.ps1" }

$signing = bcdedit /enum '{current}' | Select-String -Pattern 'testsigning\s+Yes' -Quiet
Write-Output "test signing is $(if ($signing) { 'on' } else { 'off: Windows refuses drivers that are signed for tests' })"

# A process of its own: the script ends with exit.
& powershell.exe -NoProfile -ExecutionPolicy Bypass -File $setup.FullName
if ($LASTEXITCODE) {
  Get-Content (Join-Path $setup.DirectoryName 'msi-install.log') -Tail 80 -ErrorAction SilentlyContinue
  throw "setup-ebpf.ps1 ended with $LASTEXITCODE"
}
foreach ($service in 'ebpfcore', 'netebpfext', 'ebpfsvc') {
  $state = (Get-Service $service).Status
  Write-Output "$service is $state"
  if ($state -ne 'Running') { throw "$service does not run" }
}
# ebpfapi.dll is found through PATH, which the steps after this one must know too.
$installed = Join-Path $env:ProgramFiles 'ebpf-for-windows'
if ($env:GITHUB_PATH -and (Test-Path $installed)) { Add-Content -Path $env:GITHUB_PATH -Value $installed }
