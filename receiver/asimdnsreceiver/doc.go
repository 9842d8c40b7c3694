// SPDX-License-Identifier: Apache-2.0

// Package asimdnsreceiver turns the events of Windows' DNS Server and DNS Client into log records in the ASIM DNS
// schema. The events come live from a real-time ETW session on Windows, or from recorded .etl files on any system.
package asimdnsreceiver
