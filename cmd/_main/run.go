// SPDX-License-Identifier: Apache-2.0

// The Makefile puts this file in the place of the files with the function run that the OpenTelemetry Collector Builder writes.

package main

import (
	"fmt"
	"os"

	_ "github.com/otelcol-winnet/otelcol-winnet/internal/platform/dllsearch" // DLLs come from System32
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/installation"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/service"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
)

func run(set otelcol.CollectorSettings) error {
	if len(os.Args) > 1 && os.Args[1] == installation.Name {
		err := installation.Run(os.Args[2:], os.Stdout)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return err
	}
	return service.Run(func(options ...zap.Option) service.Command {
		set.LoggingOptions = append(set.LoggingOptions, options...)
		return otelcol.NewCommand(set)
	})
}
