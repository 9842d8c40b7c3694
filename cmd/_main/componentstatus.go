// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go.opentelemetry.io/collector/featuregate"

	// Its package registers the gate before init runs.
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension"
)

// The builder cannot set a feature gate, so the Makefile adds this file to the main packages that it writes. With the gate, health_check
// follows the components' status, and takes the keys http, grpc and component_health. The command line is read later:
// --feature-gates=-extension.healthcheck.useComponentStatus still turns the gate off.
func init() {
	if err := featuregate.GlobalRegistry().Set("extension.healthcheck.useComponentStatus", true); err != nil {
		panic(err)
	}
}
