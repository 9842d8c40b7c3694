// SPDX-License-Identifier: Apache-2.0

// Package install tests the installers of deploy/windows. The MSI is built as `make package` builds it, its tables are read with msiinfo, and
// Windows Installer and the service manager of Wine carry it out, in a prefix without the stand-ins of internal/test/wine: those have no service
// functions. So the installed service replays a recorded file that it follows, in place of live events. `make test-install` runs it.
package install
