// SPDX-License-Identifier: Apache-2.0

package pseudonym

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// HostHider returns what replaces the name of a host in status records, and marks their resource. It serves one goroutine, which shares p with no
// other. It returns nil for a nil Pseudonymizer.
func (p *Pseudonymizer) HostHider() func(host string, logs plog.Logs) {
	if p == nil {
		return nil
	}
	return func(host string, logs plog.Logs) {
		pairs := p.hostPairs(host)
		for _, rl := range logs.ResourceLogs().All() {
			resource := rl.Resource().Attributes()
			resource.PutBool(Mark, true)
			replaceIn(resource, "host.name", pairs)
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					hideHost(lr, pairs)
				}
			}
		}
	}
}

func hideHost(lr plog.LogRecord, pairs []Pair) {
	lr.Body().SetStr(ReplaceWords(lr.Body().Str(), pairs))
	replaceIn(lr.Attributes(), "Dvc", pairs)
	replaceIn(lr.Attributes(), "Object", pairs)
	if id, ok := lr.Attributes().Get("Component"); ok {
		if typ, name, ok := strings.Cut(id.Str(), "/"); ok { // the type is no name of a host
			id.SetStr(typ + "/" + ReplaceWords(name, pairs))
		}
	}
}

func replaceIn(m pcommon.Map, name string, pairs []Pair) {
	if v, ok := m.Get(name); ok {
		v.SetStr(ReplaceWords(v.Str(), pairs))
	}
}
