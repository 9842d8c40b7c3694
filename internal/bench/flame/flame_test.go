// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const traces = `File: bench.test
Type: cpu
Time: 2026-03-04 05:06:07 UTC
Duration: 1.5s, Total samples = 60ms
-----------+-------------------------------------------------------
 30000000ns   strings.Clone (inline)
             github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog.(*Mapper).Append
             bench.run
             testing.(*B).runN
-----------+-------------------------------------------------------
 10000000ns   github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog.(*Mapper).Append
             bench.run
             testing.(*B).runN
-----------+-------------------------------------------------------
 20000000ns   runtime.gcDrain
             runtime.systemstack
-----------+-------------------------------------------------------
`

func TestStacksAreFoldedFromTheRootOn(t *testing.T) {
	stacks, err := read(strings.NewReader(traces))
	require.NoError(t, err)
	require.Len(t, stacks, 3)
	root := fold(stacks, "bench.run")
	require.EqualValues(t, 40_000_000, root.value)
	require.Len(t, root.calls, 1)
	mapper := root.calls[0]
	require.EqualValues(t, 40_000_000, mapper.value)
	require.Equal(t, "strings.Clone", mapper.calls[0].function)
	require.EqualValues(t, 30_000_000, mapper.calls[0].value)
	require.EqualValues(t, 60_000_000, fold(stacks, "").value)
}

func TestThePictureIsWellFormedAndTellsEachShare(t *testing.T) {
	stacks, err := read(strings.NewReader(traces))
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, draw(&b, "a < b", fold(stacks, "")))
	require.Contains(t, b.String(), "<title>strings.Clone: 50.00 %</title>")
	require.Contains(t, b.String(), "<title>runtime.gcDrain: 33.33 %</title>")
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for err == nil {
		_, err = d.Token()
	}
	require.Equal(t, io.EOF, err)
}

func TestInputThatIsNotAProfileIsRefused(t *testing.T) {
	for _, text := range []string{"", "hello", "-----------+---\n 30ms f\n"} {
		_, err := read(strings.NewReader(text))
		require.ErrorContains(t, err, "pprof -traces -unit=ns")
	}
	stacks, err := read(strings.NewReader(traces))
	require.NoError(t, err)
	require.EqualError(t, draw(io.Discard, "", fold(stacks, "no.such")), "no sample is in no.such")
}
