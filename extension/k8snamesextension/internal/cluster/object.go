// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
)

// object is what is used of an object on its way to the store: the metadata that a reflector asks for, and what the names need.
type object struct {
	metav1.ObjectMeta
	used *names.Object // nil if the object says nothing that is used
}

// GetObjectKind implements runtime.Object. A reflector asks for no kind.
func (*object) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object.
func (o *object) DeepCopyObject() runtime.Object {
	return &object{ObjectMeta: *o.ObjectMeta.DeepCopy(), used: o.used}
}

// objectList is a page of a list.
type objectList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []object
}

// DeepCopyObject implements runtime.Object.
func (l *objectList) DeepCopyObject() runtime.Object {
	c := &objectList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for i := range l.Items {
		c.Items = append(c.Items, *l.Items[i].DeepCopyObject().(*object))
	}
	return c
}

// reduced keeps what is used of an object. A bookmark's annotations say that the list is complete.
func reduced(reader *objects.Reader, kind names.Kind, u *unstructured.Unstructured, bookmark bool) *object {
	o := &object{ObjectMeta: metav1.ObjectMeta{Namespace: u.GetNamespace(), Name: u.GetName(), ResourceVersion: u.GetResourceVersion()}}
	if bookmark {
		o.Annotations = u.GetAnnotations()
	} else {
		o.used = reader.Read(kind, u.Object)
	}
	return o
}
