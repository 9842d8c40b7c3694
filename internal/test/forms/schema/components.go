// Code generated from the folders with a metadata.yaml by make generate. DO NOT EDIT.

// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension"
	"github.com/otelcol-winnet/otelcol-winnet/extension/resilientfilestorageextension"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// Components lists all components of the repository.
func Components() []Component {
	return []Component{
		{"exporter/azure/appinsightsexporter", "exporters", appinsightsexporter.NewFactory()},
		{"exporter/azure/sentinelexporter", "exporters", sentinelexporter.NewFactory()},
		{"exporter/hubbleexporter", "exporters", hubbleexporter.NewFactory()},
		{"extension/k8snamesextension", "extensions", k8snamesextension.NewFactory()},
		{"extension/resilientfilestorageextension", "extensions", resilientfilestorageextension.NewFactory()},
		{"receiver/asimdnsreceiver", "receivers", asimdnsreceiver.NewFactory()},
		{"receiver/ciliumwindowsreceiver", "receivers", ciliumwindowsreceiver.NewFactory()},
	}
}
