// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode"

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

// variable is a variable as cmd.exe has it, which nothing expands here: a whole part of the path, or one that every Windows sets. A percent
// sign may stand in a name, too.
var variable = regexp.MustCompile(`(?i)(?:^|[/\\])%([A-Z_][A-Z0-9_]*)%(?:$|[/\\])|%(ALLUSERSPROFILE|APPDATA|COMMONPROGRAMFILES|COMMONPROGRAMW6432|COMPUTERNAME|` +
	`HOMEDRIVE|HOMEPATH|LOCALAPPDATA|LOGONSERVER|PROGRAMDATA|PROGRAMFILES|PROGRAMW6432|PUBLIC|SYSTEMDRIVE|SYSTEMROOT|TEMP|TMP|USERDOMAIN|USERNAME|USERPROFILE|WINDIR)%`)

// Validate reports what is wrong with the keys that this extension adds, and with what file_storage takes and nobody can mean: a
// folder's name that YAML or cmd.exe would have to be asked about, and no time at all.
func (c *Config) Validate() error {
	if c.Compaction == nil {
		return errors.New("compaction: it has no value; want a section, or leave it out")
	}
	for key, folder := range map[string]string{"directory": c.Directory, "compaction.directory": c.Compaction.Directory} {
		if strings.TrimSpace(folder) == "" {
			return fmt.Errorf("%s: %q is not allowed; want the path of a folder", key, folder)
		}
		if _, err := os.Stat(folder); err == nil { // a folder that is there may have any name
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
	if c.Timeout <= 0 {
		return fmt.Errorf("timeout: %v is not allowed; want more than 0: how long to wait for a file that another process has", c.Timeout)
	}
	if c.MaxDamagedFiles < 0 {
		return fmt.Errorf("max_damaged_files: %d is not allowed; want 0 (keep all) or more", c.MaxDamagedFiles)
	}
	if c.MaxMemoryMiB < 0 || c.MaxMemoryMiB > 1<<20 {
		return fmt.Errorf("max_memory_mib: %d is not allowed; want 0 (no memory) to %d", c.MaxMemoryMiB, 1<<20)
	}
	return nil
}
