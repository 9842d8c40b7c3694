// SPDX-License-Identifier: Apache-2.0

// Package installation is what the installers of deploy/windows do beyond copying files: `otelcol-winnet setup`. It makes the data folder with
// its config.yaml, which only Administrators, SYSTEM and the service's account may open, writes the settings into the environment file beside
// config.yaml, and writes the registry keys of AutoLogger sessions. Each run keeps what was there before, until it is committed, so that a
// failed installation is undone.
package installation
