// SPDX-License-Identifier: Apache-2.0

// Package asimdnsreceiver makes log records in the ASIM DNS schema of the events of Windows' DNS Server and DNS Client: live
// from a real-time ETW session on Windows, or from recorded .etl files anywhere.
package asimdnsreceiver
