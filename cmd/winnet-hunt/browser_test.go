// SPDX-License-Identifier: Apache-2.0

// The page in headless Chromium.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	huntpage "github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page/pagetest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
)

// browser is a Chromium, and what it said of the pages.
type browser struct {
	context.Context
	guard    sync.Mutex
	said     []string // on the console, with exceptions and violations of the policy
	requests []string
}

// openBrowser starts a Chromium. WINNET_CHROMIUM is its path. Without one the test is skipped; with WINNET_HUNT_TESTS=required, as in make test-hunt, it
// fails.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("WINNET_CHROMIUM")
	if path == "" {
		if os.Getenv("WINNET_HUNT_TESTS") == "required" {
			t.Fatal("not run, though WINNET_HUNT_TESTS=required: WINNET_CHROMIUM does not name a Chromium")
		}
		t.Skip("not run: WINNET_CHROMIUM does not name a Chromium; make test-hunt gets one on Debian")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-crash-reporter", true), chromedp.Flag("hide-scrollbars", true))
	allocated, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	b := &browser{Context: ctx}
	require.NoError(t, chromedp.Do(ctx))
	require.NoError(t, chromedp.Listen(ctx, b.hear))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
	require.NoError(t, err)
	return b
}

// forget drops what was said of the page before.
func (b *browser) forget() {
	b.guard.Lock()
	defer b.guard.Unlock()
	b.said, b.requests = nil, nil
}

// hear notes what the browser says.
func (b *browser) hear(event any) {
	b.guard.Lock()
	defer b.guard.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		b.said = append(b.said, fmt.Sprintf("console: %v", e.Args))
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.said = append(b.said, e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		b.said = append(b.said, "dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// run runs actions.
func (b *browser) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(b, actions...))
}

// measure returns the JSON value of an expression.
func (b *browser) measure(t *testing.T, expression string, to any) {
	t.Helper()
	text, err := chromedp.Run(b, chromedp.Evaluate[string]("JSON.stringify("+expression+")"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(text), to), text)
}

// media sets the medium and the colours that the user prefers.
func media(medium, scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// contrasts gives the contrast of each text with its background, as the Web Content Accessibility Guidelines define it, and the least of them by element.
const contrasts = `(() => {
  const rgb = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m };
  const light = c => { const l = c.slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2] };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const front = rgb(e.namespaceURI.endsWith('svg') ? style.fill : style.color);
    let back = null;
    for (let p = e; p && !back; p = p.parentElement) back = rgb(getComputedStyle(p).backgroundColor);
    back = back || [255, 255, 255];
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const name = e.tagName + '.' + (e.getAttribute('class') || '');
    found[name] = Math.min(found[name] || 99, (a + 0.05) / (b + 0.05));
  }
  return found;
})()`

// wide gives the elements that reach beyond the page, but for those in a region that can be scrolled.
const wide = `[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, svg') && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40))`

// overflowing is by how many pixels the page is wider than its window.
const overflowing = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

func TestThePageIsReadableInLightAndDarkOnPaperAndOnAPhone(t *testing.T) {
	b := openBrowser(t)
	s, err := incident.WriteScenario(t.TempDir(), 7)
	require.NoError(t, err)
	r := hunted(t, t.Context(), t.Context(), s.Server, s.Client, s.Pods)
	b.check(t, filepath.Join(r.dir, "hunt.html"))
}

// check looks at a page in each way, and requires that it is readable, says nothing on the console and requests nothing.
func (b *browser) check(t *testing.T, path string) {
	t.Helper()
	url := "file://" + path
	b.forget()
	for _, way := range []struct {
		medium, scheme string
		width          int64
	}{{"screen", "light", 1280}, {"screen", "dark", 1280}, {"screen", "light", 390}, {"screen", "dark", 800}, {"print", "light", 794}, {"print", "dark", 794}} {
		name := fmt.Sprintf("%s, %s, %d pixels", way.medium, way.scheme, way.width)
		b.run(t, chromedp.EmulateViewport(way.width, 900), media(way.medium, way.scheme), chromedp.Navigate(url))
		var reaching []string
		b.measure(t, wide, &reaching)
		require.Empty(t, reaching, name)
		var overflow float64
		b.measure(t, overflowing, &overflow)
		require.Zero(t, overflow, name)
		found := map[string]float64{}
		b.measure(t, contrasts, &found)
		require.Greater(t, len(found), 8, name)
		for element, contrast := range found {
			require.GreaterOrEqual(t, contrast, 4.5, "%s: %s", name, element)
		}
	}
	var background string
	b.run(t, media("screen", "dark"))
	b.measure(t, "getComputedStyle(document.body).backgroundColor", &background)
	require.Equal(t, "rgb(18, 22, 28)", background)
	b.guard.Lock()
	defer b.guard.Unlock()
	require.Empty(t, b.said)
	for _, request := range b.requests {
		require.Equal(t, url, request)
	}
}

func TestTheBrowserHearsOfWhatAPageMustNotDo(t *testing.T) {
	b := openBrowser(t)
	path := filepath.Join(t.TempDir(), "bad.html")
	for content, of := range map[string]func() bool{
		`<script>console.error("said")</script>`:                                                         func() bool { return len(b.said) > 0 },
		`<script>throw new Error("thrown")</script>`:                                                     func() bool { return len(b.said) > 0 },
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><p style="color: red">`: func() bool { return len(b.said) > 0 },
		`<img src="file:///none.png">`:                                                                   func() bool { return slices.Contains(b.requests, "file:///none.png") },
	} {
		require.NoError(t, os.WriteFile(path, []byte("<!doctype html><title>bad</title>"+content), 0o600))
		b.forget()
		b.run(t, chromedp.Navigate("file://"+path))
		b.guard.Lock()
		require.True(t, of(), content)
		b.guard.Unlock()
	}
	require.NoError(t, os.WriteFile(path, []byte(`<!doctype html><p>`+strings.Repeat("W", 5000)+`<p><b style="color: #eee">pale</b>`), 0o600))
	b.run(t, chromedp.Navigate("file://"+path))
	var overflow float64
	b.measure(t, overflowing, &overflow)
	require.Positive(t, overflow)
	found := map[string]float64{}
	b.measure(t, contrasts, &found)
	require.Less(t, found["B."], 1.5)
}

func TestOnPaperTheQueriesAreOpen(t *testing.T) {
	b := openBrowser(t)
	r := hunted(t, t.Context(), t.Context(), testdata+"dnsserver.etl")
	b.run(t, media("print", "light"), chromedp.Navigate("file://"+filepath.Join(r.dir, "hunt.html")))
	var closed int
	b.measure(t, "[...document.querySelectorAll('details pre')].filter(e => e.getBoundingClientRect().height < 20).length", &closed)
	require.Zero(t, closed)
	paper, err := chromedp.Run(b, chromedp.PrintToPDF())
	require.NoError(t, err)
	require.Greater(t, len(paper), 20_000)
}

var update = flag.Bool("update", false, "draw docs/hunt.png")

func TestThePictureOfTheDocumentsIsOfThePage(t *testing.T) {
	const picture, most = "../../docs/hunt.png", 300_000
	if *update {
		b := openBrowser(t)
		s, err := incident.WriteScenario(t.TempDir(), 7)
		require.NoError(t, err)
		r := hunted(t, t.Context(), t.Context(), s.Server, s.Client, s.Pods)
		b.run(t, chromedp.EmulateViewport(1180, 1330), media("screen", "light"), chromedp.Navigate("file://"+filepath.Join(r.dir, "hunt.html")))
		raw, err := chromedp.Run(b, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(picture, raw, 0o644))
	}
	file, err := os.Open(picture)
	require.NoError(t, err)
	defer file.Close()
	info, err := file.Stat()
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(most))
	config, err := png.DecodeConfig(file)
	require.NoError(t, err)
	require.Equal(t, 1180, config.Width)
}

func TestInABrowserAStrangersNameIsTextAndNothingElse(t *testing.T) {
	b := openBrowser(t)
	for _, name := range []string{`<script>document.title="owned";alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "\u202egpj.exe", "a\x00b\x1b[2J", strings.Repeat("W", 5000)} {
		path := filepath.Join(t.TempDir(), "hunt.html")
		file, err := os.Create(path)
		require.NoError(t, err)
		require.NoError(t, errors.Join(huntpage.Write(file, pagetest.Sample(name)), file.Close()))
		b.check(t, path)
		var title string
		b.measure(t, "document.title", &title)
		require.NotEqual(t, "owned", title)
		var cells []string
		b.measure(t, "[...document.querySelectorAll('td bdi')].map(e => e.textContent)", &cells)
		require.NotEmpty(t, cells)
		for _, cell := range cells {
			require.NotContains(t, cell, "\u202e")
			require.LessOrEqual(t, len(cell), 330)
		}
	}
}
