// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"reflect"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// limits are the smallest and largest allowed values of every key of this receiver, and the first that are refused.
var limits = map[string]kit.Limits{
	"provider_guid":                         {Taken: []string{"Microsoft-Windows-DNS-Client"}, Refused: []string{"nonsense", "''"}},
	"providers":                             {Taken: []string{"[]"}, Refused: []string{"[{enable_level: 6, provider_guid: Microsoft-Windows-DNSServer}]", "[{}]"}},
	"volume":                                {Taken: []string{"full", "balanced", "lean"}, Refused: []string{"none", "''", "1"}},
	"session_name":                          {Taken: []string{"a", "''", "'a b'", "é"}, Refused: []string{"'a '", "' a'", `'a\b'`, `"\u00A0"`, `"\u2028"`}},
	"take_over":                             {Taken: []string{"true", "false"}},
	"attach":                                {Taken: []string{"true", "false"}},
	"enable_level":                          {Taken: []string{"0", "5"}, Refused: []string{"6", "1.5"}},
	"enable_flags":                          {Taken: []string{"0", "'0xFFFFFFFFFFFFFFFF'", "9223372036854775807", "security", "[queries, audit]"}, Refused: []string{"'0x1FFFFFFFFFFFFFFFF'", "1.5"}},
	"profile":                               {Taken: []string{"asim"}, Refused: []string{"strict"}},
	"device.hostname":                       {Taken: []string{"dc1", "dc1.corp.", "''", "dc_1", "é"}, Refused: []string{"a..b", "'a b'", "a/b", "." + ".", `"\u00A0"`}},
	"device.ip":                             {Taken: []string{"10.0.0.1", "'fe80::1%5'", "''"}, Refused: []string{"10.0.0", "0.0.0.0", "'::'", "224.0.0.1", "255.255.255.255", "10.0.0.0/8"}},
	"device.in":                             {Taken: []string{"record", "resource"}, Refused: []string{"both", "''"}},
	"packet.parse":                          {Taken: []string{"true", "false"}},
	"packet.keep":                           {Taken: []string{"never"}, Refused: []string{"sometimes"}},
	"names":                                 {Taken: []string{"as_sent", "lower"}, Refused: []string{"upper", "''"}},
	"attributes":                            {Taken: []string{"all", "slim", "minimal"}, Refused: []string{"few", "''"}},
	"answers.detail":                        {Taken: []string{"true", "false"}},
	"filters.exclude":                       {Taken: []string{"[{EventOriginalType: [256]}]"}, Refused: []string{"[{}]"}},
	"filters.include":                       {Taken: []string{"[{EventOriginalType: [256]}]"}, Refused: []string{"[{}]"}},
	"include_info_events":                   {Taken: []string{"true", "false"}},
	"excluded_event_ids":                    {Taken: []string{"[0, 65535]", "[]", "256"}, Refused: []string{"[65536]", "[-1]", "[1.5]"}},
	"excluded_domains":                      {Taken: []string{"['*.a']", "[]", "a"}, Refused: []string{"['']"}},
	"exclude_aaaa_records":                  {Taken: []string{"true", "false"}},
	"enable_deduplication":                  {Taken: []string{"true", "false"}},
	"deduplication_window":                  {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
	"aggregation.window":                    {Taken: []string{"0", "1ms", "24h"}, Refused: []string{"1ns", "999µs", "24h0m0.001s"}},
	"aggregation.max_size_mib":              {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
	"aggregation.pack":                      {Taken: []string{"none", "sums", "new"}, Refused: []string{"''", "all", "true"}},
	"aggregation.whole.changes":             {Taken: []string{"true", "false"}},
	"aggregation.whole.failures":            {Taken: []string{"true", "false"}},
	"aggregation.whole.types":               {Taken: []string{"[TXT, 'NULL', TYPE123]", "[]", "A"}, Refused: []string{"[TEXT]", "['']", "[TYPE65536]"}},
	"aggregation.whole.nxdomain_per_minute": {Taken: []string{"0", "1", "1000000"}, Refused: []string{"-1", "1000001", "1.5"}},
	"aggregation.whole.records_per_minute":  {Taken: []string{"0", "1", "1000000"}, Refused: []string{"-1", "1000001", "1.5"}},
	"aggregation.whole.name_length":         {Taken: []string{"0", "1", "1024"}, Refused: []string{"-1", "1025", "1.5"}},
	"aggregation.whole.label_entropy":       {Taken: []string{"0", "0.1", "8"}, Refused: []string{"-0.1", "8.1"}},
	"aggregation.whole.new_within":          {Taken: []string{"0", "1m", "168h"}, Refused: []string{"-1s", "59s", "168h0m1s"}},
	"aggregation.whole.new_max_size_mib":    {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
	"aggregation.noise.window":              {Taken: []string{"0", "1s", "24h"}, Refused: []string{"-1s", "999ms", "24h0m1s"}},
	"aggregation.noise.file":                {Taken: []string{"''", "../../internal/dns/shape/noise.txt"}, Refused: []string{"none.txt", "testdata"}},
	"correlate":                             {Taken: []string{"true", "false"}},
	"archive":                               {Taken: []string{"true", "false"}, With: "correlate: true"},
	"correlation.timeout":                   {Taken: []string{"1ms", "24h"}, Refused: []string{"1ns", "999µs", "0s", "24h0m0.001s"}},
	"correlation.max_size_mib":              {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
	"omit_attributes":                       {Taken: []string{"[Dvc, AdditionalFields.PacketData]", "[]", "Dvc"}, Refused: []string{"[Dvcs]", "['']", "['AdditionalFields. ']", "[AdditionalFields.]"}},
	"canary":                                {Taken: []string{"canary.corp.example.com", "a.", "''"}, Refused: []string{"a..b", "'a b'", "é.example.com"}, With: "heartbeat: 1s"},
	"buffers.size_kb":                       {Taken: []string{"4", "16384"}, Refused: []string{"3", "16385"}},
	"buffers.minimum":                       {Taken: []string{"2", "65536"}, Refused: []string{"1", "65537"}, With: "buffers::maximum: 65536"},
	"buffers.maximum":                       {Taken: []string{"64", "65536"}, Refused: []string{"63", "65537"}},
	"buffers.flush_interval":                {Taken: []string{"1s", "1h"}, Refused: []string{"0s", "1.5s", "1h0m1s"}},
}

func TestEveryKeyHasLimits(t *testing.T) {
	kit.RequireLimits(t, reflect.TypeFor[Config](), func(yaml string) error {
		_, err := load(t, yaml)
		return err
	}, kit.WithSharedLimits(limits))
}
