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

// Issuer issues tokens and knows which are valid.
type Issuer interface {
	IssueToken() string
	Expired(token string) bool
}

// Tokens are the tokens that a server has issued.
type Tokens struct {
	mu     sync.Mutex
	tokens map[string]time.Time // until when each is valid; zero is forever
	issued int
	life   time.Duration
}

// SetTokenLife sets the lifetime of the tokens issued from now on. With 0 they do not expire.
func (t *Tokens) SetTokenLife(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.life = d
}

// IssueToken issues a token, as the cloud's authority does.
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

// Expired reports whether a token is no longer valid.
func (t *Tokens) Expired(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !time.Now().Before(t.tokens[token])
}

// Good reports whether a request has a valid token.
func (t *Tokens) Good(r *http.Request) bool {
	return !t.Expired(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
}

// Authenticator adds a server's tokens to requests. It keeps a token while it is valid, as Azure identities do.
type Authenticator struct {
	component.StartFunc
	component.ShutdownFunc
	Server Issuer
	// Stale is the number of requests for which the authenticator keeps using an expired token.
	Stale int

	mu    sync.Mutex
	token string
}

var _ extensionauth.HTTPClient = (*Authenticator)(nil)

// RoundTripper adds the token to the requests that base sends.
func (a *Authenticator) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return tripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+a.current())
		return base.RoundTrip(r)
	}), nil
}

// Keep makes the authenticator use a token from elsewhere.
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

// GetExtensions returns the extensions.
func (h Host) GetExtensions() map[component.ID]component.Component { return h }

// NewHost returns a host with an authenticator for a server.
func NewHost(s Issuer) Host { return Host{AuthID: &Authenticator{Server: s}} }
