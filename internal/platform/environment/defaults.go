// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The variables that have a default.
const (
	dataVariable      = "OTELCOL_WINNET_DATA"
	exportersVariable = "OTELCOL_WINNET_EXPORTERS"
)

// Exporters returns the exporters of the installers' configuration that the settings suffice for; files, if there is none. get returns the
// value of a setting, or "".
func Exporters(get func(name string) string) []string {
	var names []string
	if get("APPLICATIONINSIGHTS_CONNECTION_STRING") != "" {
		names = append(names, "app_insights")
	}
	if get("AZURE_DCE_ENDPOINT") != "" && get("AZURE_DCR_ID") != "" {
		names = append(names, "sentinel")
	}
	if len(names) == 0 {
		names = append(names, "file")
	}
	return names
}

// SetDefaults sets the variables that the installers' configuration needs and that have no value: the folder of the data, which is that of the
// environment file, and the exporters, by the settings that are there. An environment file that no installer has written may lack both.
func SetDefaults(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	for _, v := range []Variable{{dataVariable, folder}, {exportersVariable, "[" + strings.Join(Exporters(os.Getenv), ", ") + "]"}} {
		if os.Getenv(v.Key) != "" {
			continue
		}
		if err := os.Setenv(v.Key, v.Value); err != nil {
			return fmt.Errorf("%s: the variable cannot be set", v.Key)
		}
	}
	return nil
}
