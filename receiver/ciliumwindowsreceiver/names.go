// SPDX-License-Identifier: Apache-2.0

// The names of a flow's ends, which an extension knows.

package ciliumwindowsreceiver

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// keyNames is the key that names the extension.
const keyNames = "names"

// namesID returns the extension that names the ends of flows. ok is false without one.
func (c *Config) namesID() (id component.ID, ok bool, err error) {
	if c.Names == "" {
		return id, false, nil
	}
	if id.UnmarshalText([]byte(c.Names)) != nil || id.String() != c.Names {
		return id, false, fmt.Errorf("%q is not allowed; want the name of an extension that knows the names of a flow's ends, such as k8s_names or k8s_names/replay", c.Names)
	}
	return id, true, nil
}

// names returns the extension that names the ends of flows; nil without one.
func (c *Config) names(host component.Host) (flow.Names, error) {
	id, ok, err := c.namesID()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyNames, err)
	}
	if !ok {
		return nil, nil
	}
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("%s: %q is not a configured extension; want the name of an extension, such as k8s_names, that service.extensions lists", keyNames, id)
	}
	names, ok := extension.(flow.Names)
	if !ok {
		return nil, fmt.Errorf("%s: the extension %q does not know the names of a flow's ends; want one that does, such as k8s_names", keyNames, id)
	}
	return names, nil
}

// Start finds the extension that names the ends of flows, and starts the receiver.
func (r *ciliumReceiver) Start(ctx context.Context, host component.Host) (err error) {
	if r.names, err = r.cfg.names(host); err != nil {
		return printable.Error(err)
	}
	return r.Runner.Start(ctx, host)
}
