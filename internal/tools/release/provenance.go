// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
)

const repository = "https://github.com/otelcol-winnet/otelcol-winnet"

// statement is an in-toto Statement v1 with SLSA's Provenance v1.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []subject  `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     provenance `json:"predicate"`
}

// subject is a file or a source, with its digests by algorithm.
type subject struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

type provenance struct {
	BuildDefinition struct {
		BuildType            string            `json:"buildType"`
		ExternalParameters   map[string]string `json:"externalParameters"`
		InternalParameters   map[string]string `json:"internalParameters"`
		ResolvedDependencies []subject         `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		Metadata struct {
			InvocationID string `json:"invocationId"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

// writeProvenance says which commit and toolchain the files come from. The statement is not signed: whoever publishes it signs it.
func writeProvenance(version, commit, when, folder string) error {
	built, err := parseTime(when)
	if err != nil {
		return err
	}
	names, sums, err := checksums(folder)
	if err != nil {
		return err
	}
	s := statement{Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1"}
	for _, name := range names {
		s.Subject = append(s.Subject, subject{Name: name, Digest: map[string]string{"sha256": sums[name]}})
	}
	b, r := &s.Predicate.BuildDefinition, &s.Predicate.RunDetails
	b.BuildType = repository + "/blob/main/docs/releasing.md#what-make-release-builds"
	b.ExternalParameters = map[string]string{"target": "release", "version": version}
	b.InternalParameters = map[string]string{"go": runtime.Version(), "commitTime": built.Format("2006-01-02T15:04:05Z")}
	b.ResolvedDependencies = []subject{{URI: "git+" + repository + "@" + commit, Digest: map[string]string{"gitCommit": commit}}}
	r.Builder.ID = repository + "/blob/main/Makefile"
	r.Metadata.InvocationID = "make release of " + commit
	return writeJSON(filepath.Join(folder, provenanceName), s)
}

func writeJSON(path string, v any) error {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(out, '\n'), 0o644)
}
