// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"

	"github.com/stretchr/testify/require"
)

// Wine 8 keeps no event log. It traces the calls instead: relay has the arguments that are numbers, and eventlog the text, up to some hundred
// characters.

// limitTraces limits the traces of calls to ReportEventW, and waits until every program has ended, so that those to come read the limit.
func (h *host) limitTraces() {
	h.t.Helper()
	out, code := h.run("reg", "add", `HKCU\Software\Wine\Debug`, "/v", "RelayInclude", "/t", "REG_SZ", "/d", "advapi32.ReportEventW", "/f")
	require.Zero(h.t, code, "%s", out)
	wait := exec.Command("wineserver", "-w")
	wait.Env = append(os.Environ(), "WINEPREFIX="+h.prefix)
	require.NoError(h.t, wait.Run())
}

// traced is a program whose calls, and whose children's, are traced.
func (h *host) traced(args ...string) *exec.Cmd {
	cmd := h.command(args...)
	cmd.Env = append(cmd.Env, "WINEDEBUG=-all,+relay,+eventlog")
	cmd.Stdout, cmd.Stderr = h.traces, h.traces
	return cmd
}

// event is one that a program wrote to the log Application.
type event struct {
	level string
	id    int
	text  string // its beginning
}

// BOOL ReportEventW(HANDLE hEventLog, WORD wType, WORD wCategory, DWORD dwEventID, PSID lpUserSid, WORD wNumStrings, …), in hexadecimal.
var (
	reported = regexp.MustCompile(`(?m)^([0-9a-f]+):Call advapi32\.ReportEventW\([0-9a-f]+,([0-9a-f]+),[0-9a-f]+,([0-9a-f]+),[0-9a-f]+,([0-9a-f]+),.*$`)
	levels   = map[string]string{"00000001": "Error", "00000002": "Warning", "00000004": "Information"}
)

// events returns what was written to the event log so far.
func (h *host) events() (all []event) {
	h.t.Helper()
	traces := h.read(h.traces.Name())
	for _, at := range reported.FindAllStringSubmatchIndex(traces, -1) {
		part := func(n int) string { return traces[at[2*n]:at[2*n+1]] }
		id, err := strconv.ParseInt(part(3), 16, 64)
		require.NoError(h.t, err)
		require.Contains(h.t, levels, part(2), "of id %d", id)
		require.Equal(h.t, "00000001", part(4), "id %d has one text", id)
		// A thread's number is that of no other thread of the host.
		text := regexp.MustCompile(`(?m)^` + part(1) + `:[a-z]+:eventlog:ReportEventW L"(.*)"`).FindStringSubmatch(traces[at[1]:])
		require.NotNil(h.t, text, "id %d", id)
		all = append(all, event{levels[part(2)], int(id), text[1]})
	}
	return all
}

// requireEvents fails unless the events of the log are these, in their order.
func (h *host) requireEvents(want ...event) {
	h.t.Helper()
	got := h.events()
	for i, e := range got {
		require.Less(h.t, i, len(want), "one more: %+v", e)
		require.Equal(h.t, want[i].level, e.level, "%d: %+v", i, e)
		require.Equal(h.t, want[i].id, e.id, "%d: %+v", i, e)
		require.Contains(h.t, e.text, want[i].text, "%d: %+v", i, e)
	}
	require.Len(h.t, got, len(want))
	require.NotContains(h.t, h.read(h.traces.Name()), secret)
}
