// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.uber.org/zap"
)

// audiences maps the endpoints' domain of each cloud to the audience that a token needs.
var audiences = map[string]string{
	".monitor.azure.com": "https://monitor.azure.com",
	".monitor.azure.cn":  "https://monitor.azure.cn",
	".monitor.azure.us":  "https://monitor.azure.us",
	// For Application Insights. Source: "Connection strings in Application Insights" and "Microsoft Entra
	// authentication for Application Insights"
	// (https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication).
	".applicationinsights.azure.com": "https://monitor.azure.com",
	".services.visualstudio.com":     "https://monitor.azure.com",
	".applicationinsights.azure.cn":  "https://monitor.azure.cn",
	".applicationinsights.azure.us":  "https://monitor.azure.us",
	".applicationinsights.us":        "https://monitor.azure.us",
}

// WantedAudience returns the audience for the cloud of an endpoint, or "" if the cloud is unknown.
func WantedAudience(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	for suffix, audience := range audiences {
		if strings.HasSuffix(strings.ToLower(u.Hostname()), suffix) {
			return audience
		}
	}
	return ""
}

// CheckAudience returns an error if the audience of a bearer token is not the wanted one. It reads the token without
// verifying it. It accepts tokens of an unknown form, and audiences that are not URLs (the id of an application).
func CheckAudience(authorization, want string) error {
	scheme, token, _ := strings.Cut(authorization, " ")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if !strings.EqualFold(scheme, "Bearer") || len(parts) != 3 || want == "" {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	var claims struct {
		Audience json.RawMessage `json:"aud"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil
	}
	var one string
	var all []string
	if json.Unmarshal(claims.Audience, &one) == nil {
		all = []string{one}
	} else if json.Unmarshal(claims.Audience, &all) != nil {
		return nil
	}
	isURL := func(a string) bool { return strings.HasPrefix(a, "https://") }
	matches := func(a string) bool { return strings.EqualFold(strings.TrimRight(a, "/"), want) }
	if len(all) == 0 || !slices.ContainsFunc(all, isURL) || slices.ContainsFunc(all, matches) {
		return nil
	}
	return fmt.Errorf("the token is for %s, but the endpoint accepts only tokens for %s; give the authenticator the scope %s/.default",
		strings.Join(all, ", "), want, want)
}

// TokenCheck returns a function that requests a token from the configured authenticator, for calls to an address, and
// logs an error if its audience is not want. The function tries again at each call until it has got a token, for one
// caller at a time, and does nothing from then on. TokenCheck returns nil if there is nothing to check.
func TokenCheck(auth configoptional.Optional[configauth.Config], host component.Host, address, want string, timeout time.Duration, ending *Ending, log *RateLimitedLogger) func() {
	if want == "" || !auth.HasValue() {
		return nil
	}
	authenticator, err := auth.Get().GetHTTPClientAuthenticator(context.Background(), host.GetExtensions())
	if err != nil {
		return nil // ToClient reports it
	}
	var mu sync.Mutex
	checked := false
	return func() {
		if !mu.TryLock() {
			return
		}
		defer mu.Unlock()
		if checked {
			return
		}
		ctx, cancel := context.WithTimeout(ending.Calls(), timeout)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
		if err != nil {
			return
		}
		header, err := Authorization(authenticator.RoundTripper, req)
		if err != nil {
			return // the call reports it
		}
		checked = true
		if err := CheckAudience(header, want); err != nil {
			log.Logger.Error("the service will not accept the token", zap.Error(err))
		}
	}
}

// Authorization returns the header Authorization that an authenticator would add to a request. It sends nothing.
func Authorization(authenticate func(http.RoundTripper) (http.RoundTripper, error), req *http.Request) (string, error) {
	var header string
	tripper, err := authenticate(roundTripper(func(req *http.Request) (*http.Response, error) {
		header = req.Header.Get("Authorization")
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req, Header: http.Header{}}, nil
	}))
	if err != nil {
		return "", err
	}
	res, err := tripper.RoundTrip(req)
	if err != nil {
		return "", err
	}
	return header, res.Body.Close()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }
