// SPDX-License-Identifier: Apache-2.0

package k8snamesextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/metadata"
)

// NewFactory returns the factory of the k8s_names extension. What it creates implements flow.Names.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, createExtension, metadata.ExtensionStability)
}

func createExtension(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newExtension(set, cfg.(*Config))
}
