// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	// running reports whether the service runs. It waits while the service is about to start or to stop.
	running() (bool, error)
	// stop stops the service, if it runs, and waits until it has stopped.
	stop() error
	// start starts the service, which is stopped, and waits until it runs.
	start() error
}

const usage = `otelcol-winnet setup ACTION: what the installers of otelcol-winnet do beyond copying files.

  setup check [--data FOLDER] [--set NAME=VALUE]... check the settings, and change nothing
  setup apply --data FOLDER [--set NAME=VALUE]...   make the folder, write its environment file and the AutoLogger keys
  setup restart --data FOLDER                       restart the service, if it runs and the last apply changed the environment file
  setup rollback --data FOLDER                      put back what the last apply changed; a service that restart has stopped runs again, with that
  setup commit --data FOLDER                        forget what the last apply changed
  setup remove                                      remove the AutoLogger keys; the folder stays
  setup autologgers --data FOLDER                   write the AutoLogger keys that the environment file asks for

  --default FILE    apply makes config.yaml from it, if there is none
  --account NAME    the service's account, which may use the folder; without it, that of the service that is there, else LocalSystem
  --user SID        who may own the file of a NAME_FILE, besides administrators

Settings: SOURCES (dns-server,dns-client,cilium), AUTOLOGGER (yes or no), HEALTH_PORT, METRICS_PORT, APPLICATIONINSIGHTS_CONNECTION_STRING,
AZURE_DCE_ENDPOINT, AZURE_DCR_ID, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET. NAME_FILE is the full path of a file with the value of NAME.
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
		h.report("setup " + word(args[0]) + ": its arguments cannot be read. A setting has a quotation mark in it, or an argument is not known.")
		return err
	}
	f := files{filepath.Clean(o.data)}
	switch args[0] {
	case "check":
		err = check(h, f, o, settings)
	case "apply":
		err = apply(h, f, o, settings)
	case "restart":
		err = restart(h, f)
	case "rollback":
		err = rollback(h, f)
	case "commit":
		err = f.forget()
	case "remove":
		err = h.writeAutoLoggers(nil)
	case "autologgers":
		err = writeAutoLoggers(h, f)
	default:
		err = errors.New("it is no action; want " + actions)
	}
	if err != nil {
		err = fmt.Errorf("setup %s: %w", word(args[0]), err)
		h.report(err.Error())
	}
	return err
}

// word returns an action as an event may quote it: only a word, because a setting without --set may be a secret.
func word(action string) string {
	if nameForm.MatchString(action) {
		return action
	}
	return "ACTION"
}

const actions = "check, apply, restart, rollback, commit, remove or autologgers"

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
	if o.data == "" && !slices.Contains([]string{"check", "remove"}, args[0]) {
		return o, nil, fmt.Errorf("setup %s: --data is missing; want the folder of config.yaml", args[0])
	}
	return o, settings, nil
}

// check returns the error of the settings that apply would return. Files that only the installer's account can open are left to apply.
func check(h host, f files, o options, settings map[string]string) error {
	settings, err := resolve(h, o.user, settings)
	if errors.Is(err, os.ErrPermission) {
		return nil
	} else if err != nil {
		return err
	}
	e := environment{}
	if o.data != "" {
		if e, err = f.readEnvironment(); errors.Is(err, os.ErrPermission) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return e.apply(settings)
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
	e, err := f.readEnvironment()
	if err != nil {
		return err
	}
	settings[dataFolder] = f.folder
	if err := e.apply(settings); err != nil {
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
	return h.writeAutoLoggers(e.autoLoggers())
}

// writeAutoLoggers writes the keys that the environment file asks for: those that a removal has removed, when it is undone.
func writeAutoLoggers(h host, f files) error {
	e, err := f.readEnvironment()
	if err != nil {
		return err
	}
	return h.writeAutoLoggers(e.autoLoggers())
}

// restart restarts the service after an apply that was not committed yet, if that changed what the service reads when it starts. A service that does
// not run is left as it is.
func restart(h host, f files) error {
	b, err := f.load()
	if err != nil || b == nil {
		return err
	}
	now, err := read(f.environment())
	if err != nil || b.Environment != nil && *b.Environment == string(now) {
		return err
	}
	runs, err := h.running()
	if err != nil || !runs {
		return err
	}
	b.Restarted = true // before the service is stopped: a rollback has to start it, whatever happens then
	if err := f.write(b); err != nil {
		return err
	}
	return startAgain(h)
}

// startAgain starts a service, which reads its settings then, also if it runs.
func startAgain(h host) error {
	if err := h.stop(); err != nil {
		return err
	}
	return h.start()
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
	if err := f.forget(); err != nil || !b.Restarted {
		return err
	}
	return startAgain(h)
}
