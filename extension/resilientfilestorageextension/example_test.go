// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-winnet/otelcol-winnet/extension/resilientfilestorageextension"
)

// An exporter asks the extension for a client of its own. What the client stores is there again after a restart.
func Example() {
	folder, err := os.MkdirTemp("", "storage")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	ctx := context.Background()
	factory := resilientfilestorageextension.NewFactory()
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(map[string]any{"directory": folder}).Unmarshal(cfg); err != nil {
		log.Fatal(err)
	}
	for _, store := range []bool{true, false} {
		extension, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), cfg)
		if err != nil {
			log.Fatal(err)
		}
		if err := extension.Start(ctx, componenttest.NewNopHost()); err != nil {
			log.Fatal(err)
		}
		client, err := extension.(storage.Extension).GetClient(ctx, component.KindExporter, component.MustNewID("sentinel"), "queue")
		if err != nil {
			log.Fatal(err)
		}
		if store {
			err = client.Set(ctx, "batch", []byte("a thousand rows"))
		} else {
			var value []byte
			value, err = client.Get(ctx, "batch")
			fmt.Printf("%s\n", value)
		}
		if err != nil {
			log.Fatal(err)
		}
		if err := client.Close(ctx); err != nil {
			log.Fatal(err)
		}
		if err := extension.Shutdown(ctx); err != nil {
			log.Fatal(err)
		}
	}

	// Output:
	// a thousand rows
}
