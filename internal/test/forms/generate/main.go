// SPDX-License-Identifier: Apache-2.0

// Command generate writes the config.schema.yaml of every component. Its argument is the repository's folder.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/forms/schema"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: generate REPOSITORY")
	}
	for _, c := range schema.Components() {
		text, err := schema.Generate(os.Args[1], c)
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Args[1], c.Folder, "config.schema.yaml"), text, 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
