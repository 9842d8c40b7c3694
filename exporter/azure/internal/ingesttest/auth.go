// SPDX-License-Identifier: Apache-2.0

package ingesttest

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// AuthID is the id of the authenticator in a Host.
var AuthID = component.MustNewID("testauth")

// Issuer gives out tokens and knows which are good.
type Issuer interface {
	IssueToken() string
	Expired(token string) bool
}

// Tokens are those that a server has given out.
type Tokens struct {
	mu     sync.Mutex
	tokens map[string]time.Time // until when each is good
	issued int
	life   time.Duration
}

// SetTokenLife makes tokens from now on expire after a time; 0: they do not.
func (t *Tokens) SetTokenLife(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.life = d
}

// IssueToken makes a token, as the authority of the cloud does.
func (t *Tokens) IssueToken() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tokens == nil {
		t.tokens = map[string]time.Time{}
	}
	t.issued++
	token := fmt.Sprintf("token-%d", t.issued)
	until := time.Now().Add(24 * time.Hour)
	if t.life > 0 {
		until = time.Now().Add(t.life)
	}
	t.tokens[token] = until
	return token
}

// Expired reports whether a token is good no more.
func (t *Tokens) Expired(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !time.Now().Before(t.tokens[token])
}

// Good reports whether a request has a token that is good.
func (t *Tokens) Good(r *http.Request) bool {
	return !t.Expired(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
}

// Authenticator adds a server's tokens to requests. It keeps one as long as it is good, as identities do.
type Authenticator struct {
	component.StartFunc
	component.ShutdownFunc
	Server Issuer
	// Stale keeps a token although it has expired, for so many requests.
	Stale int

	mu    sync.Mutex
	token string
}

var _ extensionauth.HTTPClient = (*Authenticator)(nil)

// RoundTripper adds the token to what base sends.
func (a *Authenticator) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return tripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+a.current())
		return base.RoundTrip(r)
	}), nil
}

// Keep makes it use a token that it has from elsewhere.
func (a *Authenticator) Keep(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = token
}

func (a *Authenticator) current() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == "" || a.Server.Expired(a.token) {
		if a.token != "" && a.Stale > 0 {
			a.Stale--
			return a.token
		}
		a.token = a.Server.IssueToken()
	}
	return a.token
}

type tripper func(*http.Request) (*http.Response, error)

func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// Host is a collector's host with extensions.
type Host map[component.ID]component.Component

// GetExtensions gives them.
func (h Host) GetExtensions() map[component.ID]component.Component { return h }

// NewHost makes a host with an authenticator for a server.
func NewHost(s Issuer) Host { return Host{AuthID: &Authenticator{Server: s}} }
