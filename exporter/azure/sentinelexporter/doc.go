// SPDX-License-Identifier: Apache-2.0

// Package sentinelexporter writes log records into tables of Microsoft Sentinel through the Logs Ingestion API of Azure
// Monitor. An export returns once the service has accepted the records. Otherwise its error contains the records that
// are still to be sent.
package sentinelexporter
