// SPDX-License-Identifier: Apache-2.0

package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/environment"
)

// Run runs the command with the arguments of the process: as a service if the service manager has started it, otherwise from a shell. Only the
// attempt says which: svc.IsWindowsService looks at the parent process, which is not the service manager everywhere.
func Run(newCommand NewCommand) error {
	err := svc.Run("", handler{newCommand})
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return interactive(newCommand, os.Args[1:])
	}
	if err != nil {
		return fmt.Errorf("the service manager does not run the service: %w", err)
	}
	return nil
}

// handler is the service.
type handler struct{ newCommand NewCommand }

// kinds are the states in Windows' terms. Windows sends what comes first of a preshutdown and a shutdown; both stop the service, also while it
// starts: a start may hang.
var kinds = map[kind]svc.Status{
	startPending: {State: svc.StartPending, Accepts: svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown},
	running:      {State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown},
	stopPending:  {State: svc.StopPending, Accepts: svc.AcceptShutdown},
}

var requests = map[svc.Cmd]request{
	svc.Interrogate: interrogate, svc.Stop: stopRequest, svc.PreShutdown: preshutdown, svc.Shutdown: shutdown,
}

// Execute implements svc.Handler.
func (s handler) Execute(_ []string, asked <-chan svc.ChangeRequest, changes chan<- svc.Status) (specific bool, code uint32) {
	e := &events{}
	if log, err := eventlog.Open(Source); err == nil {
		defer log.Close()
		e.log = log
	}
	known, done := make(chan request), make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case c := <-asked:
				if r, ok := requests[c.Cmd]; ok {
					select {
					case known <- r:
					case <-done:
						return
					}
				}
			case <-done:
				return
			}
		}
	}()
	path, args, err := environment.FromArgs(os.Args[1:])
	endLog := func() {}
	h := host{
		requests: known, events: e,
		report: func(now state) {
			status := kinds[now.kind]
			status.CheckPoint, status.WaitHint = now.checkpoint, uint32(now.hint.Milliseconds())
			changes <- status
		},
		prepare: func() error {
			if err != nil {
				return err
			}
			endLog, err = prepare(path, e)
			return err
		},
	}
	code = h.serve(s.newCommand, args)
	endLog()
	return code != 0, code
}

// prepare sets the environment, and gives the collector's log and a crash a file each: a service has no console. The function that it returns completes the file.
func prepare(path string, e *events) (endLog func(), err error) {
	folder := filepath.Join(os.Getenv("ProgramData"), Source)
	if path == "" {
		if _, err := os.Stat(filepath.Join(folder, "environment")); err == nil {
			path = filepath.Join(folder, "environment")
		}
	}
	if path != "" {
		folder = filepath.Dir(path)
		warnings, err := environment.Load(path)
		if err != nil {
			return func() {}, err
		}
		for _, w := range warnings {
			e.write(zapcore.WarnLevel, idFile, "", w)
		}
	}
	if err := environment.SetDefaults(folder); err != nil {
		return func() {}, err
	}
	// What is created in the folder of the storage inherits its access.
	if err := private.MkdirAll(filepath.Join(folder, "storage"), 0o700); err != nil {
		e.write(zapcore.WarnLevel, idFile, "", err.Error())
	}
	if endLog, err = logTo(filepath.Join(folder, "logs", Source+".log")); err != nil {
		e.write(zapcore.WarnLevel, idFile, "", fmt.Sprintf("the collector's log has no file: %v", err))
	}
	if err := crashTo(filepath.Join(folder, "logs", Source+".crash.log"), maxLog); err != nil {
		e.write(zapcore.WarnLevel, idFile, "", fmt.Sprintf("a crash of the collector will leave no trace: %v", err))
	}
	return endLog, nil
}

// maxLog bounds a log file, in bytes. A full one is kept until the next one is full.
const maxLog = 10 << 20

// logTo makes a file take what this process writes to its standard output and standard error. The collector's log goes there by default.
func logTo(path string) (end func(), err error) {
	l, err := openLog(path, maxLog)
	if err != nil {
		return func() {}, err
	}
	from, to, err := os.Pipe()
	if err != nil {
		return func() {}, err
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		l.copy(from)
	}()
	os.Stdout, os.Stderr = to, to
	return func() {
		_ = to.Close()
		<-copied
	}, nil
}
