// SPDX-License-Identifier: Apache-2.0

// The file of a unix socket.

package hubbleexporter

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// removeStale removes a socket that an earlier run left behind. It leaves a file that is not a socket. A socket that a process listens on is an error.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // listening says what is wrong with another file
	}
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close() // nothing was sent
		return fmt.Errorf("endpoint %q: another process listens on the socket; choose another path, or stop it", path)
	}
	return os.Remove(path)
}

// protect keeps other users from a unix socket.
func protect(l net.Listener) error {
	if l.Addr().Network() != "unix" {
		return nil
	}
	return private.Protect(l.Addr().String())
}
