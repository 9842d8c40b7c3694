// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	format "github.com/otelcol-winnet/otelcol-winnet/internal/platform/environment"
)

// Name is the first argument that asks for this package.
const Name = "setup"

// EnvironmentFile is the name of the environment file in the data folder.
const EnvironmentFile = "environment"

// host is what a setup changes outside files: access and the registry.
type host interface {
	// secure makes the folder if it is not there, and lets only Administrators and SYSTEM open it and what is in it. It refuses a folder, or
	// a file in it that the service trusts, which belongs to anyone else.
	secure(folder string, trusted ...string) error
	// writeAutoLoggers writes the keys of the sources' AutoLogger sessions, and removes those of others.
	writeAutoLoggers(on []source) error
	// savedAutoLoggers returns the sources that have a key now.
	savedAutoLoggers() ([]source, error)
}

const usage = `otelcol-winnet setup ACTION: what the installers of otelcol-winnet do beyond copying files.

  setup apply --data FOLDER [--set NAME=VALUE]...   make the folder, write its environment file and the AutoLogger keys
  setup rollback --data FOLDER                      put back what the last apply changed
  setup commit --data FOLDER                        forget what the last apply changed
  setup remove                                      remove the AutoLogger keys; the folder stays

Settings: SOURCES (dns-server,dns-client,cilium), AUTOLOGGER (yes or no), and variables of the environment file. NAME_FILE names a file with the value of NAME.
A setting without a value changes nothing.
`

// Run executes `setup` with the arguments after that word.
func Run(args []string, out io.Writer) error { return run(newHost(), args, out) }

func run(h host, args []string, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(out, usage)
		return errors.New("setup: an action is missing; want apply, rollback, commit or remove")
	}
	settings := map[string]string{}
	flags := flag.NewFlagSet("setup "+args[0], flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprint(out, usage) }
	data := flags.String("data", "", "")
	flags.Func("set", "", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return errors.New("want NAME=VALUE")
		}
		settings[name] = value
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("setup %s: %q is no argument of it", args[0], flags.Arg(0))
	}
	if *data == "" && args[0] != "remove" {
		return fmt.Errorf("setup %s: --data is missing; want the folder of config.yaml", args[0])
	}
	f := files{filepath.Clean(*data)}
	var err error
	switch args[0] {
	case "apply":
		err = apply(h, f, settings)
	case "rollback":
		err = rollback(h, f)
	case "commit":
		err = f.forget()
	case "remove":
		err = h.writeAutoLoggers(nil)
	default:
		err = errors.New("it is no action; want apply, rollback, commit or remove")
	}
	if err != nil {
		return fmt.Errorf("setup %s: %w", args[0], err)
	}
	return nil
}

// apply makes the data folder and changes the environment file and the AutoLogger keys.
func apply(h host, f files, settings map[string]string) error {
	settings, err := resolve(settings)
	if err != nil {
		return err
	}
	// The folder is closed to others first, then judged: nobody can change it between the two.
	if err := h.secure(f.folder, f.config(), f.environment(), f.saved()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(f.folder, "storage"), 0o700); err != nil {
		return err
	}
	content, err := os.ReadFile(f.environment())
	if errors.Is(err, os.ErrNotExist) {
		content = []byte(header)
	} else if err != nil {
		return err
	}
	before, err := h.savedAutoLoggers()
	if err != nil {
		return err
	}
	if err := f.save(before); err != nil {
		return err
	}
	e, err := parseEnvironment(content)
	if err == nil {
		settings[dataFolder] = f.folder
		err = e.apply(settings)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.environment(), err)
	}
	if err := replace(f.environment(), e.bytes()); err != nil {
		return err
	}
	if e.get(attach) == "true" { // asked for now or before
		return h.writeAutoLoggers(enabledSources(e.get(receivers)))
	}
	return h.writeAutoLoggers(nil)
}

// resolve turns SOURCES, AUTOLOGGER and NAME_FILE into variables of the environment file.
func resolve(settings map[string]string) (map[string]string, error) {
	resolved := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := strings.TrimSpace(settings[name])
		target, isFile := strings.CutSuffix(name, "_FILE")
		switch {
		case value == "":
		case name == "SOURCES":
			list, err := parseSources(value)
			if err != nil {
				return nil, err
			}
			resolved[receivers] = receiverList(list)
		case name == "AUTOLOGGER":
			autoLogger := strings.ToLower(value)
			if autoLogger != "yes" && autoLogger != "no" {
				return nil, fmt.Errorf("AUTOLOGGER: %q; want yes or no", value)
			}
			resolved[attach] = fmt.Sprint(autoLogger == "yes")
		case isFile:
			content, err := os.ReadFile(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			text, err := format.Text(content)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, value, err)
			}
			if text = strings.TrimSpace(text); text == "" {
				return nil, fmt.Errorf("%s: %s is empty", name, value)
			}
			if settings[target] != "" {
				return nil, fmt.Errorf("%s and %s are both set; want one of them", target, name)
			}
			resolved[target] = text
		default:
			resolved[name] = value
		}
	}
	return resolved, nil
}

// rollback undoes the last apply, unless that was committed.
func rollback(h host, f files) error {
	before, found, err := f.restore()
	if err != nil || !found {
		return err
	}
	if err := h.writeAutoLoggers(before); err != nil {
		return err
	}
	return f.forget()
}
