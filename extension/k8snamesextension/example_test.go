// SPDX-License-Identifier: Apache-2.0

package k8snamesextension_test

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension"
)

// The extension reads the objects of a cluster from a file. A receiver finds it by its name in the configuration.
func Example() {
	ctx := context.Background()
	factory := k8snamesextension.NewFactory()
	cfg := factory.CreateDefaultConfig()
	values := map[string]any{"snapshot": "testdata/snapshot.yaml", "node": "win-node-1", "labels": []any{"app"}}
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		log.Fatal(err)
	}
	extension, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := extension.Start(ctx, componenttest.NewNopHost()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("started")
	if err := extension.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}

	// Output:
	// started
}
