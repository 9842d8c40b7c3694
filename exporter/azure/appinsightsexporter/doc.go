// SPDX-License-Identifier: Apache-2.0

// Package appinsightsexporter sends log records to Application Insights, where they become rows of AppTraces. An export
// returns once the service has accepted the records. Otherwise its error contains the records that are still to be
// sent.
package appinsightsexporter
