// SPDX-License-Identifier: Apache-2.0

// What all items of a scope share: the key, the tags, and the properties of resource and scope.

package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The longest value of each tag in characters, as in the service's SDKs: contracts/contexttagkeys.go of
// github.com/microsoft/ApplicationInsights-Go v0.4.4.
const (
	maxSDKVersion   = 64
	maxRole         = 256
	maxRoleInstance = 256
	maxVersion      = 1024
	maxOSVersion    = 256
	maxModel        = 256
	maxType         = 64
)

// The names of the properties that a scope adds to its records.
const (
	scopeName    = "instrumentationlibrary.name"
	scopeVersion = "instrumentationlibrary.version"
)

// SetScope sets the resource and the scope of the following records.
func (e *Encoder) SetScope(resource pcommon.Map, scope pcommon.InstrumentationScope) {
	e.now = uint64(e.opts.Now().UnixNano())
	before := e.Counts
	e.Counts = Counts{}
	e.setHead(resource)
	e.setCommon(resource, scope)
	e.scope, e.Counts = e.Counts, before
}

func (e *Encoder) setHead(resource pcommon.Map) {
	dst := append(e.head[:0], `{"ver":1,"name":"Microsoft.ApplicationInsights.Message","sampleRate":100,"seq":"","iKey":`...)
	dst = e.appendText(dst, e.opts.InstrumentationKey, len(e.opts.InstrumentationKey), FieldTag)
	dst = append(dst, `,"tags":{"ai.internal.sdkVersion":`...)
	dst = e.appendText(dst, e.opts.SDKVersion, maxSDKVersion, FieldTag)
	tag := func(name, value string, limit int) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = e.appendText(dst, value, limit, FieldTag)
	}
	text := func(name string) (string, bool) {
		v, ok := resource.Get(name)
		if !ok {
			return "", false
		}
		return v.AsString(), true
	}
	if role, ok := text("service.name"); ok {
		if namespace, ok := text("service.namespace"); ok {
			role = namespace + "." + role
		}
		tag("ai.cloud.role", role, maxRole)
	}
	if instance, _ := text("service.instance.id"); instance != "" {
		tag("ai.cloud.roleInstance", instance, maxRoleInstance)
	}
	if version, _ := text("service.version"); version != "" {
		tag("ai.application.ver", version, maxVersion)
	}
	if system, ok := text("os.name"); ok {
		if version, ok := text("os.version"); ok {
			system += " " + version
		}
		tag("ai.device.osVersion", system, maxOSVersion)
	}
	if maker, ok := text("device.manufacturer"); ok {
		tag("ai.device.model", maker, maxModel)
	}
	if model, ok := text("device.model.identifier"); ok {
		tag("ai.device.type", model, maxType)
	}
	e.head = dst
}

// setCommon encodes the properties of the scope, then those of the resource with other names.
func (e *Encoder) setCommon(resource pcommon.Map, scope pcommon.InstrumentationScope) {
	e.names.Reset()
	e.texts, e.common = e.texts[:0], e.common[:0]
	add := func(name string, v pcommon.Value) {
		const most = 4 * MaxItem // no item has room for more
		from := len(e.texts)
		if from > most {
			e.count(RuleShed, FieldProperty)
			return
		}
		var ok bool
		if e.texts, ok = e.appendProperty(e.texts, name, v); !ok {
			e.texts = e.texts[:from]
			e.count(RuleShed, FieldProperty)
			return
		}
		_, end := e.names.Last()
		e.common = append(e.common, property{from, end, len(e.texts)})
	}
	if name := scope.Name(); name != "" {
		add(scopeName, pcommon.NewValueStr(name))
	}
	if version := scope.Version(); version != "" {
		add(scopeVersion, pcommon.NewValueStr(version))
	}
	for name, v := range resource.All() {
		add(name, v)
	}
}
