// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"fmt"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
)

// Config has the keys of file_storage, with its defaults, and those of what this extension adds.
type Config struct {
	filestorage.Config `mapstructure:",squash"`

	// CheckValues says whether the check at the start reads the stored values as well and holds them against their checksums.
	// Without it the check reads the file's structure and keys.
	CheckValues bool `mapstructure:"check_values"`
	// MaxDamagedFiles is how many damaged files of one client are kept. 0 is all of them.
	MaxDamagedFiles int `mapstructure:"max_damaged_files"`
	// MaxMemoryMiB is what one client may keep in memory while its file cannot be used. With 0 there is no such memory:
	// the collector does not start then, as with file_storage.
	MaxMemoryMiB int `mapstructure:"max_memory_mib"`
}

func createDefaultConfig() component.Config {
	return &Config{
		Config:          *filestorage.NewFactory().CreateDefaultConfig().(*filestorage.Config),
		CheckValues:     true,
		MaxDamagedFiles: 5,
		MaxMemoryMiB:    64,
	}
}

// Validate reports what is wrong with the keys that this extension adds. Those of file_storage validate themselves.
func (c *Config) Validate() error {
	if c.MaxDamagedFiles < 0 {
		return fmt.Errorf("max_damaged_files: %d is not allowed; want 0 (keep all) or more", c.MaxDamagedFiles)
	}
	if c.MaxMemoryMiB < 0 || c.MaxMemoryMiB > 1<<20 {
		return fmt.Errorf("max_memory_mib: %d is not allowed; want 0 (no memory) to %d", c.MaxMemoryMiB, 1<<20)
	}
	return nil
}
