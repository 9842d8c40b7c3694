// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/sha256"
	_ "embed" // for the template and the style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

//go:embed page.html
var layout string

//go:embed page.css
var style string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"cell": cell, "number": Number, "amount": amount, "time": stamp, "class": class, "relative": relative}).Parse(layout))

// policy allows the page its own style and nothing else: no script, no request, no form.
func policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// view is a Report as the template needs it.
type view struct {
	*Report
	Policy    string
	Style     template.CSS
	Headline  string
	Received  int64
	Asked     int
	Answered  int
	NotAsked  int
	Time      *drawnTimeline
	Questions []questionView
}

type questionView struct {
	Question
	More  int64
	Drawn *drawnPlot
}

// Write writes the page.
func Write(w io.Writer, r *Report) error {
	v := view{Report: r, Policy: policy(), Style: template.CSS(style), Headline: r.headline(), Time: drawTimeline(r.Timeline, r.Span)}
	for _, a := range r.Accounts {
		v.Received += a.Received
	}
	for _, q := range r.Questions {
		switch {
		case q.Unasked != "":
			v.NotAsked++
		case q.Total > 0 && q.Error == "":
			v.Answered++
			fallthrough
		default:
			v.Asked++
		}
		v.Questions = append(v.Questions, questionView{q, q.Total - int64(len(q.Rows)), drawPlot(q.Plot, q.Title, r.Span)})
	}
	return pageTemplate.Execute(w, v)
}

// headline says in a few words what the page is of.
func (r *Report) headline() string {
	files := fmt.Sprintf("%d files", len(r.Files))
	if len(r.Files) == 1 {
		files = "1 file"
	}
	if r.Span.From.IsZero() {
		return files + ", no event"
	}
	return fmt.Sprintf("%s, %s to %s", files, stamp(r.Span.From), stamp(r.Span.To))
}

// longest is how many characters of a text are shown.
const longest = 300

// cell is a text as it is shown: in one line, with escapes for what cannot be seen, and cut if it is long.
func cell(text string) string { return shown(text, longest) }

// class is how a cell may be broken into lines: of a long text anywhere, so that its column does not get as wide as the text, and of a time nowhere.
func class(c Column, text string) string {
	switch {
	case c.Time:
		return "t"
	case len(text) > 36:
		return "l"
	}
	return "s"
}

// relative is the address of a file beside the page, whatever characters its name has.
func relative(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "./" + strings.Join(parts, "/")
}

// shown is cell with another length.
func shown(text string, most int) string {
	text = printable.String(text)
	if len(text) <= most {
		return text
	}
	n := utf8.RuneCountInString(text)
	if n <= most {
		return text
	}
	at := 0
	for range most {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return fmt.Sprintf("%s… (%s characters)", text[:at], Number(int64(n)))
}

// Number is a number with separators of thousands.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// amount is Number for a text; one that is no integer stays as it is.
func amount(text string) string {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return cell(text)
	}
	return Number(n)
}

// stamp is a time to the second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
