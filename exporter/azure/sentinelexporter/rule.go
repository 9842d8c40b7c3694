// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// rule is the state of a data collection rule, as learned from calls.
type rule struct {
	id     string
	urls   [kindCount]string
	gate   delivery.Gate // for all streams
	target [kindCount]*delivery.Target
}

const apiVersion = "2023-01-01"

func newRule(endpoint, id string, streams [kindCount]string) *rule {
	r := &rule{id: id}
	for k, stream := range streams {
		r.urls[k] = endpoint + "/dataCollectionRules/" + id + "/streams/" + stream + "?api-version=" + apiVersion
		r.target[k] = delivery.NewTarget()
	}
	return r
}

// wait returns how long nothing may be sent to a stream, and why. It returns 0 if there is no wait.
func (r *rule) wait(k kind) (time.Duration, error) {
	all, why := r.gate.Wait()
	if one, whyOne := r.target[k].Gate.Wait(); one > all {
		return one, whyOne
	}
	return all, why
}
