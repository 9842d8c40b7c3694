// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACallerFollowsNoRedirectionUnlessItMay(t *testing.T) {
	met := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { met++ }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	for name, c := range map[string]struct {
		redirect func(from, to *url.URL) error
		follows  bool
	}{
		"without a rule": {nil, false},
		"refused":        {func(_, _ *url.URL) error { return errors.New("no") }, false},
		"allowed":        {func(_, _ *url.URL) error { return nil }, true},
	} {
		t.Run(name, func(t *testing.T) {
			met = 0
			a := NewCaller(http.DefaultClient, Options{Redirect: c.redirect}).Post(context.Background(), s.URL+"/x", nil)
			if c.follows {
				require.Equal(t, Accepted, a.Result)
				require.Equal(t, 1, met)
				return
			}
			require.Equal(t, Unexpected, a.Result)
			require.Equal(t, http.StatusTemporaryRedirect, a.Status)
			require.Zero(t, met)
		})
	}
}

func TestARefusedRedirectionIsLoggedWithoutItsQuery(t *testing.T) {
	for _, location := range []string{"https://login.example/a?token=hunter2#hunter2", "https://u:hunter2@login.example/a", "https://login.example/%zz?token=hunter2", "https://login.example:hunter2/"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		a := NewCaller(http.DefaultClient, Options{Redirect: func(_, _ *url.URL) error { return errors.New("no") }}).Post(t.Context(), s.URL+"/x", nil)
		s.Close()
		require.Contains(t, a.Message, "redirected to ")
		require.NotContains(t, a.Message, "hunter2")
	}
}
