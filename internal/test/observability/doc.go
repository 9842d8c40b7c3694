// SPDX-License-Identifier: Apache-2.0

// Package observability checks deploy/observability with Prometheus itself: the queries of the dashboard return series of a collector that
// runs both receivers, and the alert rules fire when they should. `make test-observability` builds the collector, gets Prometheus and sets
// the variable with the collector's path.
package observability
