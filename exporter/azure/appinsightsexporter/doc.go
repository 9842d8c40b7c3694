// SPDX-License-Identifier: Apache-2.0

// Package appinsightsexporter sends log records to Application Insights, where they become rows of AppTraces. It returns when the service has accepted what it
// was given, and its error carries what is still to be sent.
package appinsightsexporter
