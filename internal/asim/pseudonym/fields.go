// SPDX-License-Identifier: Apache-2.0

package pseudonym

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Config is the section `pseudonymize`.
type Config struct {
	// Fields are ASIM's names of the fields whose values are replaced. Each names kinds of values, and all values of these kinds in a record
	// are replaced. Default: none.
	Fields []string `mapstructure:"fields"`
	// Key is the secret that the pseudonyms are made with: at least 32 bytes.
	Key configopaque.String `mapstructure:"key,omitempty"` // a configuration that is written has [REDACTED] in place of any other value
}

// Enabled reports whether values are replaced.
func (c *Config) Enabled() bool { return len(c.Fields) > 0 }

// Bounds of the key, in bytes.
const (
	minKey      = 32
	minDistinct = 8 // so that a placeholder such as xxxx… is refused
)

// Validate returns an error for a key that is missing, too short or without fields. The error does not have the key.
func (c *Config) Validate() error {
	key := string(c.Key)
	distinct := map[byte]bool{}
	for i := range len(key) {
		distinct[key[i]] = true
	}
	switch {
	case !c.Enabled() && key == "":
		return nil
	case !c.Enabled():
		return errors.New("fields: want at least one field beside key; leave the section out to replace nothing")
	case key == "":
		return fmt.Errorf("key: want at least %d bytes, found none; make one with: openssl rand -hex 32", minKey)
	case len(key) < minKey:
		return fmt.Errorf("key: want at least %d bytes, found %d; make one with: openssl rand -hex 32", minKey, len(key))
	case len(distinct) < minDistinct:
		return fmt.Errorf("key: want at least %d different bytes, found %d; make one with: openssl rand -hex 32", minDistinct, len(distinct))
	}
	return nil
}

// CheckRecord returns an error if values are replaced while raw events are recorded.
func (c *Config) CheckRecord(recorded bool) error {
	if c.Enabled() && recorded {
		return errors.New("not allowed beside record.path: a recording has the events as they come, with the values that pseudonyms replace; choose one")
	}
	return nil
}

// Table has the fields of a receiver's records that a configuration can name, with the kinds of their values.
type Table map[string]Kind

// common has the fields that the records of every receiver have, and ASIM's aliases.
func common() Table {
	return Table{
		"Dvc": Addresses | Names, "DvcHostname": Names, "DvcDomain": Names, "DvcFQDN": Names, "DvcIpAddr": Addresses,
		"Src": Addresses | Names, "SrcIpAddr": Addresses, "Dst": Addresses | Names, "DstIpAddr": Addresses, "IpAddr": Addresses,
	}
}

// DNS is the table of DNS and audit records.
func DNS() Table {
	t := common()
	for name, kind := range map[string]Kind{
		"DnsQuery": Names, "Query": Names, "Domain": Names, "DnsResponseName": Addresses | Names, "SrcHostname": Names, "SrcDomain": Names, "Hostname": Names,
		"SrcUserId": Users, "SrcUsername": Users, "ActorUserId": Users, "ActorUsername": Users, "User": Users,
		"SrcProcessName": Processes, "Process": Processes,
		"TargetHostname": Names, "TargetDomain": Names, "TargetFQDN": Names, "TargetIpAddr": Addresses, "Object": Addresses | Names,
		"OldValue": Addresses | Names, "NewValue": Addresses | Names,
	} {
		t[name] = kind
	}
	return t
}

// Network is the table of the records of packets and connections.
func Network() Table {
	t := common()
	for name, kind := range map[string]Kind{
		"SrcNatIpAddr": Addresses, "DstNatIpAddr": Addresses, "SrcMacAddr": MACs, "DstMacAddr": MACs,
		"cilium.tunnel.source.ip": Addresses, "cilium.tunnel.destination.ip": Addresses,
		"SrcHostname": Names, "SrcAppName": Names, "DstHostname": Names, "DstAppName": Names, "Hostname": Names,
	} {
		t[name] = kind
	}
	for _, end := range []string{"cilium.source.", "cilium.destination."} {
		for _, name := range []string{"pod", "namespace", "workload.name", "cluster", "service.name", "service.namespace"} {
			t[end+name] = Names
		}
		t[end+"labels"] = Addresses | Names // the label of a network has its address
	}
	return t
}

// Check returns an error for a name that is not in the table, or that is given twice. The error lists the table's names.
func (c *Config) Check(t Table) error {
	for i, name := range c.Fields {
		if _, ok := t[name]; !ok {
			names := make([]string, 0, len(t))
			for known := range t {
				names = append(names, known)
			}
			slices.Sort(names)
			return fmt.Errorf("fields: %s is no field that can be replaced; want one of %s", quoted(name, names), strings.Join(names, ", "))
		}
		if slices.Contains(c.Fields[:i], name) {
			return fmt.Errorf("fields: %s is in the list twice; want each field once", name)
		}
	}
	return nil
}

// New makes the Pseudonymizer of a valid configuration. It returns nil if the configuration names no field.
func (c *Config) New(t Table) *Pseudonymizer {
	if !c.Enabled() {
		return nil
	}
	var kinds Kind
	for _, name := range c.Fields {
		kinds |= t[name]
	}
	return New(kinds, []byte(c.Key))
}

// quoted returns a wrong name in quotes. It does not show a text that is longer than all names, which may be the key in the wrong place.
func quoted(name string, names []string) string {
	most := 0
	for _, known := range names {
		most = max(most, len(known))
	}
	if len(name) > most {
		return fmt.Sprintf("a text of %d bytes", len(name))
	}
	return strconv.Quote(name)
}
