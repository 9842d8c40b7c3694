// SPDX-License-Identifier: Apache-2.0

// Package sentinelexporter writes log records into tables of Microsoft Sentinel, by the Logs Ingestion API of Azure Monitor. It returns
// when the service has accepted what it was given, and its error carries what is still to be sent.
package sentinelexporter
