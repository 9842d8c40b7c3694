// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// readFlags reads enable_flags: a number, a name, or a list of them, whose bits it combines. The names are those of the
// provider in the YAML, or of the provider with that GUID if the YAML names none.
func readFlags(named any, guid string, v any) (mask uint64, err error) {
	if text, ok := named.(string); ok {
		guid = text
	}
	p, unknown := dns.Find(guid)
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		return 0, errors.New("the list is empty; want a number or at least one name")
	}
	for _, one := range list {
		bits, err := configyaml.Mask(one)
		text, isText := one.(string)
		switch {
		case err == nil:
		case !isText, looksLikeNumber(text):
			return 0, err
		case unknown != nil: // Validate reports it
		default:
			if bits, err = p.Keyword(text); err != nil {
				return 0, err
			}
		}
		if bits == 0 && len(list) > 1 {
			return 0, fmt.Errorf("%v in a list is not allowed: it means every keyword; use it alone", one)
		}
		mask |= bits
	}
	return mask, nil
}

// looksLikeNumber reports whether a text that is not a valid mask was meant to be one.
func looksLikeNumber(text string) bool {
	text = strings.Trim(text, ` "'`)
	return text != "" && strings.ContainsAny(text[:1], "0123456789+-.")
}

// logLeftOut logs which kinds of events the keywords leave out, and which the level leaves out.
func (r *dnsReceiver) logLeftOut(p provider) {
	byKeywords, byLevel := p.LeftOut(p.enable)
	if len(byKeywords) > 0 {
		r.log.Info("enable_flags leaves out kinds of events",
			zap.String("provider", p.Name), zap.Strings("left_out", byKeywords))
	}
	if len(byLevel) > 0 {
		r.log.Warn("enable_level leaves out kinds of events that enable_flags asks for",
			zap.String("provider", p.Name), zap.Uint8("enable_level", p.enable.Level), zap.Strings("left_out", byLevel))
	}
}
