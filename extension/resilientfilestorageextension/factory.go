// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-winnet/otelcol-winnet/extension/resilientfilestorageextension/internal/metadata"
)

// NewFactory returns the factory of the resilient_file_storage extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, createExtension, metadata.ExtensionStability)
}

func createExtension(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newFileStorage(set, cfg.(*Config))
}
