// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
)

// Config has the keys of file_storage, with its defaults, and the keys that this extension adds.
type Config struct {
	filestorage.Config `mapstructure:",squash"`

	// CheckValues makes the check at the start also read the stored values and compare their checksums. Otherwise it
	// reads the file's structure and keys.
	CheckValues bool `mapstructure:"check_values"`
	// MaxDamagedFiles is how many damaged files of each client are kept. 0 keeps all.
	MaxDamagedFiles int `mapstructure:"max_damaged_files"`
	// MaxMemoryMiB is the memory that a client may use while its file cannot be used. With 0 the collector does not
	// start then, as with file_storage.
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

// variable matches a variable in the syntax of cmd.exe, which nothing expands here: one that is a whole part of the
// path, or one that every Windows sets. A name may contain a percent sign otherwise.
var variable = regexp.MustCompile(`(?i)(?:^|[/\\])%([A-Z_][A-Z0-9_]*)%(?:$|[/\\])|%(ALLUSERSPROFILE|APPDATA|COMMONPROGRAMFILES|COMMONPROGRAMW6432|COMPUTERNAME|` +
	`HOMEDRIVE|HOMEPATH|LOCALAPPDATA|LOGONSERVER|PROGRAMDATA|PROGRAMFILES|PROGRAMW6432|PUBLIC|SYSTEMDRIVE|SYSTEMROOT|TEMP|TMP|USERDOMAIN|USERNAME|USERPROFILE|WINDIR)%`)

// Bounds of the keys of file_storage. A start waits for each file up to the timeout, and each check of a file takes processor time.
const (
	minTimeout       = time.Millisecond
	maxTimeout       = time.Hour
	minCheckInterval = 100 * time.Millisecond
	maxThresholdMiB  = 1 << 20
)

// Validate checks the keys that this extension adds, and values that file_storage accepts but that are always mistakes:
// a folder's name with YAML escapes or cmd.exe variables, times without a unit, and sizes that no file reaches.
func (c *Config) Validate() error {
	if c.Compaction == nil {
		return errors.New("compaction: it has no value; want a section, or leave it out")
	}
	for key, folder := range map[string]string{"directory": c.Directory, "compaction.directory": c.Compaction.Directory} {
		if strings.TrimSpace(folder) == "" {
			return fmt.Errorf("%s: %q is not allowed; want the path of a folder", key, folder)
		}
		if _, err := os.Stat(folder); err == nil { // an existing folder may have any name
			continue
		}
		if i := strings.IndexFunc(folder, unicode.IsControl); i >= 0 {
			return fmt.Errorf("%s: %q is not allowed: within YAML's double quotes a backslash begins an escape; "+
				"write the path without quotes, in single quotes, or with slashes", key, folder)
		}
		if v := variable.FindStringSubmatch(folder); v != nil {
			return fmt.Errorf("%s: %q is not allowed: nothing expands %%%[3]s%% here; want ${env:%[3]s}", key, folder, v[1]+v[2])
		}
	}
	if c.Timeout < minTimeout || c.Timeout > maxTimeout {
		return fmt.Errorf("timeout: %v is not allowed; want %v to %v, the time to wait for a file that another process has locked (a number without a unit is nanoseconds)",
			c.Timeout, minTimeout, maxTimeout)
	}
	if err := validateRebound(c.Compaction); err != nil {
		return fmt.Errorf("compaction.%w", err)
	}
	if c.MaxDamagedFiles < 0 {
		return fmt.Errorf("max_damaged_files: %d is not allowed; want 0 (keep all) or more", c.MaxDamagedFiles)
	}
	if c.MaxMemoryMiB < 0 || c.MaxMemoryMiB > 1<<20 {
		return fmt.Errorf("max_memory_mib: %d is not allowed; want 0 (no memory) to %d", c.MaxMemoryMiB, 1<<20)
	}
	return nil
}

// validateRebound checks the keys of a compaction on rebound. file_storage itself refuses an interval that is not positive.
func validateRebound(c *filestorage.CompactionConfig) error {
	if c.OnRebound && c.CheckInterval > 0 && c.CheckInterval < minCheckInterval {
		return fmt.Errorf("check_interval: %v is not allowed; want at least %v (a number without a unit is nanoseconds)", c.CheckInterval, minCheckInterval)
	}
	for key, mib := range map[string]int64{
		"rebound_needed_threshold_mib": c.ReboundNeededThresholdMiB, "rebound_trigger_threshold_mib": c.ReboundTriggerThresholdMiB,
	} {
		if mib < 0 || mib > maxThresholdMiB {
			return fmt.Errorf("%s: %d is not allowed; want 0 to %d", key, mib, maxThresholdMiB)
		}
	}
	return nil
}
