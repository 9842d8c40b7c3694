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

// host is what a setup changes outside files: access, the registry and the Event Log.
type host interface {
	// secure makes the folder and its subfolders where they are missing, and lets only SYSTEM, Administrators and the service's account open
	// them and what is in them. It refuses what belongs to anyone else, and links. An account of "" is that of the service that is there now,
	// else LocalSystem. It returns the access that was there, as restoreAccess takes it.
	secure(folder, account string) (access map[string]string, _ error)
	// restoreAccess puts back the access to files and folders.
	restoreAccess(access map[string]string) error
	// owned returns an error if a file belongs to anyone but SYSTEM, Administrators, who runs this, and the user, which is a SID or "".
	owned(path, user string) error
	// report writes an error to the Windows Event Log.
	report(text string)
	// writeAutoLoggers writes the keys of the sources' AutoLogger sessions, and removes those of others.
	writeAutoLoggers(on []source) error
	// savedAutoLoggers returns the sources that have a key now.
	savedAutoLoggers() ([]source, error)
}

const usage = `otelcol-winnet setup ACTION: what the installers of otelcol-winnet do beyond copying files.

  setup check [--set NAME=VALUE]...                 check the settings, and change nothing
  setup apply --data FOLDER [--set NAME=VALUE]...   make the folder, write its environment file and the AutoLogger keys
  setup rollback --data FOLDER                      put back what the last apply changed
  setup commit --data FOLDER                        forget what the last apply changed
  setup remove                                      remove the AutoLogger keys; the folder stays

  --default FILE    apply makes config.yaml from it, if there is none
  --account NAME    the service's account, which may use the folder; without it, that of the service that is there, else LocalSystem
  --user SID        who may own the file of a NAME_FILE, besides administrators

Settings: SOURCES (dns-server,dns-client,cilium), AUTOLOGGER (yes or no), and variables of the environment file. NAME_FILE names a file with the value of NAME.
A setting without a value changes nothing.
`

// Run executes `setup` with the arguments after that word. An error goes to the Windows Event Log too, because an installer shows none.
func Run(args []string, out io.Writer) error { return run(newHost(), args, out) }

// options are the arguments of an action but for its settings.
type options struct{ data, defaults, account, user string }

func run(h host, args []string, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(out, usage)
		return errors.New("setup: an action is missing; want " + actions)
	}
	o, settings, err := parse(args, out)
	if err != nil {
		// Users can read the Event Log, and the error may have a part of a secret.
		h.report("setup " + args[0] + ": its arguments cannot be read. A setting has a quotation mark in it, or an argument is not known.")
		return err
	}
	f := files{filepath.Clean(o.data)}
	switch args[0] {
	case "check":
		err = check(h, o, settings)
	case "apply":
		err = apply(h, f, o, settings)
	case "rollback":
		err = rollback(h, f)
	case "commit":
		err = f.forget()
	case "remove":
		err = h.writeAutoLoggers(nil)
	default:
		err = errors.New("it is no action; want " + actions)
	}
	if err != nil {
		err = fmt.Errorf("setup %s: %w", args[0], err)
		h.report(err.Error())
	}
	return err
}

const actions = "check, apply, rollback, commit or remove"

// parse reads the arguments: an action, and what belongs to it.
func parse(args []string, out io.Writer) (o options, settings map[string]string, _ error) {
	settings = map[string]string{}
	flags := flag.NewFlagSet("setup "+args[0], flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprint(out, usage) }
	flags.StringVar(&o.data, "data", "", "")
	flags.StringVar(&o.defaults, "default", "", "")
	flags.StringVar(&o.account, "account", "", "")
	flags.StringVar(&o.user, "user", "", "")
	flags.Func("set", "", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return errors.New("want NAME=VALUE")
		}
		settings[name] = value
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return o, nil, err
	}
	if flags.NArg() > 0 {
		return o, nil, fmt.Errorf("setup %s: %q is no argument of it", args[0], flags.Arg(0))
	}
	if o.data == "" && args[0] != "check" && args[0] != "remove" {
		return o, nil, fmt.Errorf("setup %s: --data is missing; want the folder of config.yaml", args[0])
	}
	return o, settings, nil
}

// check returns the error of the settings that apply would return. A file that only the installer's account can open is left to apply.
func check(h host, o options, settings map[string]string) error {
	settings, err := resolve(h, o.user, settings)
	if errors.Is(err, os.ErrPermission) {
		return nil
	} else if err != nil {
		return err
	}
	return (&environment{}).apply(settings)
}

// apply makes the data folder and changes the environment file and the AutoLogger keys.
func apply(h host, f files, o options, settings map[string]string) error {
	settings, err := resolve(h, o.user, settings)
	if err != nil {
		return err
	}
	access, err := h.secure(f.folder, o.account)
	if err != nil {
		return err
	}
	content, err := read(f.environment())
	if err != nil {
		return err
	}
	if content == nil {
		content = []byte(header)
	}
	e, err := parseEnvironment(content)
	if err == nil {
		settings[dataFolder] = f.folder
		err = e.apply(settings)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.environment(), err)
	}
	autoLoggers, err := h.savedAutoLoggers()
	if err != nil {
		return err
	}
	config, err := f.newConfig(o.defaults)
	if err != nil {
		return err
	}
	if err := f.save(access, autoLoggers, e.bytes(), config); err != nil {
		return err
	}
	if config != nil {
		if err := replace(f.config(), config); err != nil {
			return err
		}
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
func resolve(h host, user string, settings map[string]string) (map[string]string, error) {
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
			// A user could have made the file before, to read what is written into it, or to name a destination of his own.
			if err := h.owned(value, user); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
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
	b, err := f.load()
	if err != nil || b == nil {
		return err
	}
	if err := f.restore(b); err != nil {
		return err
	}
	if err := h.writeAutoLoggers(b.sources()); err != nil {
		return err
	}
	if err := h.restoreAccess(b.Access); err != nil {
		return err
	}
	return f.forget()
}
