// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// limit is the longest time that a collector may take for its input, and to end.
const limit = 2 * time.Hour

// process is a running collector.
type process struct {
	cmd   *exec.Cmd
	kill  *time.Timer
	said  []string      // its last lines; read them after ended is closed
	ended chan struct{} // closed when its replay or the process has ended
	over  bool          // the replay has ended; read it after ended is closed
}

// settings is the part that the configurations of all collectors share. An exporter may name the authenticator.
const settings = `
extensions: {azureauth: {managed_identity: {}, scopes: ["https://monitor.azure.com/.default"]}}
receivers: {%s}
exporters: {%s}
service:
  extensions: [%s]
  telemetry: {logs: {disable_zap_resource: true}, metrics: {level: none}}
  pipelines: {logs: {receivers: [%s], exporters: [%s]}}
`

// start starts a collector with one receiver and one exporter, each in YAML's flow style.
func start(binary, dir, receiver, exporter string) (*process, error) {
	name := func(component string) string { return component[:strings.IndexByte(component, ':')] }
	config := filepath.Join(dir, "config.yaml")
	extensions := ""
	if strings.Contains(exporter, "authenticator: azureauth") {
		extensions = "azureauth"
	}
	text := fmt.Sprintf(settings, receiver, exporter, extensions, name(receiver), name(exporter))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(binary, "--config", config), ended: make(chan struct{})}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.kill = time.AfterFunc(limit, func() { _ = p.cmd.Process.Kill() })
	go func() {
		const keep, longest = 20, 1 << 20 // lines; bytes of one
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, longest)
		over := false
		for lines.Scan() {
			if over {
				continue // messages about its end
			}
			if len(p.said) == keep {
				p.said = p.said[1:]
			}
			p.said = append(p.said, lines.Text())
			if over = strings.Contains(lines.Text(), "the replay has ended"); over {
				p.over = true
				close(p.ended)
			}
		}
		if !over {
			close(p.ended)
		}
	}()
	return p, nil
}

// errTooEarly reports that the interrupt came before the collector handled interrupts. It does so some milliseconds
// after its receivers have started, and gives no sign of it.
var errTooEarly = errors.New("the interrupt killed the collector")

// finish waits for the end of the replay and then interrupts the collector.
func (p *process) finish() (time.Duration, error) {
	<-p.ended
	if !p.over {
		return 0, p.failed(errors.Join(errors.New("it ended before its replay did"), p.cmd.Wait()))
	}
	return p.interrupt()
}

// interrupt ends the collector with an interrupt and returns its processor time.
func (p *process) interrupt() (time.Duration, error) {
	defer p.kill.Stop()
	err := errors.Join(p.cmd.Process.Signal(os.Interrupt), p.cmd.Wait())
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGINT {
		return 0, errTooEarly
	}
	if err != nil {
		return 0, p.failed(err)
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(), nil
}

// failed returns the error of a collector that has ended, with its last lines.
func (p *process) failed(err error) error {
	p.kill.Stop()
	return fmt.Errorf("the collector failed: %w; its last lines:\n%s", err, strings.Join(p.said, "\n"))
}
