// SPDX-License-Identifier: Apache-2.0

// Package snapshot reads a file with objects of a cluster, as kubectl get -o yaml or -o json writes it. In goes a file of anyone; out come the objects whose
// kinds are known, or an error that says what is wrong with the file.
package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
)

// maxSize is the size of the largest file, in bytes. Its YAML takes about twenty times as much memory while it is read.
const maxSize = 64 << 20

// maxLists is how deep lists may be in lists.
const maxLists = 4

// Content is what a file has.
type Content struct {
	Objects map[names.Kind][]*names.Object
	Ignored int // objects of other kinds, or without a name
}

// kinds are the kinds that are read, by API group and kind. The version is not looked at: those that Cilium and Kubernetes have had say these fields alike.
var kinds = map[[2]string]names.Kind{
	{"", "Pod"}:                          names.Pods,
	{"", "Node"}:                         names.Nodes,
	{"", "Service"}:                      names.Services,
	{"cilium.io", "CiliumEndpoint"}:      names.Endpoints,
	{"cilium.io", "CiliumEndpointSlice"}: names.EndpointSlices,
	{"cilium.io", "CiliumIdentity"}:      names.Identities,
}

// File reads a file.
func File(path string, reader *objects.Reader) (Content, error) {
	f, err := os.Open(path)
	if err != nil {
		return Content{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Content{}, err
	}
	if len(raw) > maxSize {
		return Content{}, fmt.Errorf("%s: the file has more than %d MiB; leave out what names do not need, such as managed fields, or name fewer namespaces", path, maxSize>>20)
	}
	c, err := Read(raw, reader)
	if err != nil {
		return Content{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Read reads the documents of a file.
func Read(raw []byte, reader *objects.Reader) (Content, error) {
	c := Content{Objects: map[names.Kind][]*names.Object{}}
	for decoder, n := yaml.NewDecoder(bytes.NewReader(raw)), 1; ; n++ {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Content{}, fmt.Errorf("document %d is no YAML: %w", n, err)
		}
		if document == nil {
			continue
		}
		object, ok := document.(map[string]any)
		if !ok {
			return Content{}, fmt.Errorf("document %d is no object of Kubernetes; want what kubectl get -o yaml writes", n)
		}
		// kubectl writes the kind after the items. A file that was cut off is still valid YAML, but lacks the kind, and its last object may be incomplete.
		if object["kind"] == nil {
			return Content{}, fmt.Errorf("document %d has no kind: the file was cut while it was written; write it again, or add kind: List", n)
		}
		c.add(object, reader, 0)
	}
	if len(c.Objects) == 0 {
		return Content{}, errors.New("no object is of a kind that has names; want what kubectl get -o yaml writes of pods, nodes, services and Cilium's endpoints and identities")
	}
	return c, nil
}

// add adds an object, or the objects of a list.
func (c *Content) add(object map[string]any, reader *objects.Reader, depth int) {
	items, isList := object["items"].([]any)
	if isList {
		for _, item := range items {
			if item, ok := item.(map[string]any); ok && depth < maxLists {
				c.add(item, reader, depth+1)
			} else {
				c.Ignored++
			}
		}
		return
	}
	version, _ := object["apiVersion"].(string)
	group, _, hasGroup := strings.Cut(version, "/")
	if !hasGroup {
		group = ""
	}
	kind, _ := object["kind"].(string)
	known, ok := kinds[[2]string{group, kind}]
	if !ok {
		c.Ignored++
		return
	}
	o := reader.Read(known, object)
	if o == nil {
		c.Ignored++
		return
	}
	c.Objects[known] = append(c.Objects[known], o)
	if known == names.Pods { // for the pod's workload beside Cilium's endpoint
		c.Objects[names.OwnPods] = append(c.Objects[names.OwnPods], reader.Read(names.OwnPods, object))
	}
}
