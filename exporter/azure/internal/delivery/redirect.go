// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// maxRedirects is how often one call may be redirected.
const maxRedirects = 5

// follow makes a call, and follows answers 307 and 308. Later calls go to the new address directly, until one fails
// there.
func (c *Caller) follow(ctx context.Context, address string, body []byte) Answer {
	to := c.lastMove(address)
	at := address
	if to != nil {
		at = to.String()
	}
	for hops := 0; ; hops++ {
		a := c.post(ctx, at, body)
		if a.location == "" || c.opts.Redirect == nil {
			if a.Result == Failed || a.Result == NotFound || a.Result == Unexpected {
				to = nil
			}
			c.move(address, to)
			return a
		}
		next, err := c.next(at, a.location)
		if err == nil && hops == maxRedirects {
			err = fmt.Errorf("it was redirected %d times", hops)
		}
		if err != nil {
			c.move(address, nil)
			a.Result = Unexpected
			a.Message = fmt.Sprintf("redirected to %s: %v", shown(a.location), err)
			return a
		}
		to, at = next, next.String()
	}
}

// shown returns a location for an error, without what may be a secret: whoever redirects may put the call's own token into the query.
func shown(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return "what is no address"
	}
	return strconv.Quote((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

// next returns the address that an answer redirects a call to. A location without a path keeps the path of the call.
func (c *Caller) next(at, location string) (*url.URL, error) {
	from, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	to, err := from.Parse(location)
	if err != nil {
		return nil, err
	}
	if to.Hostname() == "" || to.User != nil || to.Fragment != "" {
		return nil, errors.New("want a scheme, a host and a path")
	}
	if to.Path == "" || to.Path == "/" {
		to.Path = from.Path
	}
	return to, c.opts.Redirect(from, to)
}

func (c *Caller) lastMove(address string) *url.URL {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved[address]
}

func (c *Caller) move(address string, to *url.URL) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to == nil {
		delete(c.moved, address)
	} else {
		c.moved[address] = to
	}
}
