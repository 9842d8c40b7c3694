// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
)

const (
	// pageSize is how many objects a page of a list has. A page is reduced before the next one is asked for.
	pageSize = 500
	// answerWithin is how long an answer to a request may take: as long as an API server works on one by default.
	answerWithin = time.Minute
	// patience is how long nothing needs to succeed until that is reported, if the API server does not refuse for good.
	patience = 30 * time.Second
)

var (
	errNoAnswer = errors.New("no answer within " + answerWithin.String())
	errNoList   = errors.New("no answer that helps within " + patience.String())
)

// resources are the kinds' resources in the API.
var resources = map[names.Kind]schema.GroupVersionResource{
	names.Pods:           {Version: "v1", Resource: "pods"},
	names.OwnPods:        {Version: "v1", Resource: "pods"},
	names.Nodes:          {Version: "v1", Resource: "nodes"},
	names.Services:       {Version: "v1", Resource: "services"},
	names.Endpoints:      {Group: "cilium.io", Version: "v2", Resource: "ciliumendpoints"},
	names.Identities:     {Group: "cilium.io", Version: "v2", Resource: "ciliumidentities"},
	names.EndpointSlices: {Group: "cilium.io", Version: "v2alpha1", Resource: "ciliumendpointslices"},
}

// State is how a source stands with the API server.
type State struct {
	Listed bool      // whether the first list is complete
	Lost   time.Time // since when no request succeeds; zero while they do
	Err    error     // why it does not
	Lists  int64     // complete lists: the first one, and one after each watch that expired
}

// source follows the objects of one kind.
type source struct {
	kind    names.Kind
	server  dynamic.Interface
	client  dynamic.ResourceInterface
	reader  *objects.Reader
	store   *names.Store
	fields  string // a field selector, or ""
	now     func() time.Time
	changed func()        // is called when the state has changed
	first   chan struct{} // is closed after the first list

	mu      sync.Mutex
	state   State
	passing error // the last answer that the reflector deals with by itself, such as 429; nil if there was none since the last success
	heard   int64 // when the last change came, or the last watch began, in nanoseconds since 1970
	listing bool  // a list is on its way: changes since heard may have been missed
}

// run follows the objects until the context ends.
func (s *source) run(ctx context.Context) {
	lw := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{ListWithContextFunc: s.list, WatchFuncWithContext: s.watch}, s.server)
	r := cache.NewReflectorWithOptions(lw, &object{}, sink{s}, cache.ReflectorOptions{Name: "k8s_names", TypeDescription: s.kind.String()})
	r.WatchListPageSize = pageSize // else a list after the first one comes at once
	// What a reflector would log is in the state.
	r.RunWithContext(klog.NewContext(ctx, logr.Discard()))
}

// list gets a page. The pages come from the server's own consistent snapshot: of its cache it would answer with everything at once. When that snapshot has
// expired between two pages, the reflector asks for everything at once, without a limit.
func (s *source) list(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	options.FieldSelector = s.fields
	s.asks()
	s.lists(true)
	if options.Continue == "" {
		options.ResourceVersion, options.ResourceVersionMatch = "", ""
	}
	limited, cancel := context.WithTimeoutCause(ctx, answerWithin, errNoAnswer)
	defer cancel()
	page, err := s.client.List(limited, options)
	if err != nil {
		s.answered(ctx, cmp.Or(context.Cause(limited), err))
		return nil, err
	}
	l := &objectList{ListMeta: metav1.ListMeta{ResourceVersion: page.GetResourceVersion(), Continue: page.GetContinue()}}
	for i := range page.Items {
		l.Items = append(l.Items, *reduced(s.reader, s.kind, &page.Items[i], false))
		page.Items[i].Object = nil
	}
	s.answered(ctx, nil)
	return l, nil
}

func (s *source) watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	options.FieldSelector = s.fields
	s.asks()
	initial := options.SendInitialEvents != nil
	if initial {
		s.lists(true)
	}
	// A watch has no end, but its beginning has.
	limited, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(answerWithin, func() { cancel(errNoAnswer) })
	w, err := s.client.Watch(limited, options)
	if timer.Stop(); err != nil {
		s.answered(ctx, cmp.Or(context.Cause(limited), err))
		cancel(nil)
		return nil, err
	}
	if !initial { // else Replace says that the list has come
		s.answered(ctx, nil)
	}
	s.hear()
	return &ending{cancel: cancel, Interface: watch.Filter(w, func(e watch.Event) (watch.Event, bool) {
		s.hear()
		if u, ok := e.Object.(*unstructured.Unstructured); ok && e.Type != watch.Error {
			e.Object = reduced(s.reader, s.kind, u, e.Type == watch.Bookmark)
		}
		return e, true
	})}, nil
}

// ending is a watch whose request ends with it.
type ending struct {
	watch.Interface
	cancel context.CancelCauseFunc
}

// Stop implements watch.Interface. It takes what the filter still holds: nobody reads it any more, and it would wait for ever.
func (e *ending) Stop() {
	e.Interface.Stop()
	e.cancel(nil)
	go func() {
		for range e.ResultChan() {
		}
	}()
}

// asks notes that a request goes out, which has no answer yet.
func (s *source) asks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Lost.IsZero() {
		s.state.Lost = s.now()
	}
}

// lists notes that a list is on its way, or complete.
func (s *source) lists(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing = on
}

// hear notes that no change has been missed, or that a list which comes as changes is on its way.
func (s *source) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.listing:
		s.heard = s.now().UnixNano()
	case s.state.Err == nil:
		s.state.Lost = s.now()
	}
}

// answered notes how the server has answered a request. What the reflector deals with by itself is no reason to report anything for a while: a list that has
// expired, a way of listing that an old server does not know, a server that has too much to do.
func (s *source) answered(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	passing := apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsInvalid(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err)
	s.note(func() {
		switch {
		case err == nil:
			s.state.Lost, s.state.Err, s.passing = time.Time{}, nil, nil
		case passing:
			s.passing = err
		default:
			s.state.Err = s.explained(err)
		}
	})
}

// check reports that nothing has succeeded for too long.
func (s *source) check() {
	s.note(func() {
		if s.state.Err == nil && !s.state.Lost.IsZero() && s.now().Sub(s.state.Lost) >= patience {
			s.state.Err = s.explained(cmp.Or(s.passing, errNoList))
		}
	})
}

// note changes the state, and tells of it if the error is another one.
func (s *source) note(change func()) {
	s.mu.Lock()
	before := s.state
	change()
	changed := (before.Err == nil) != (s.state.Err == nil) || before.Err != nil && before.Err.Error() != s.state.Err.Error()
	s.mu.Unlock()
	if changed {
		s.changed()
	}
}

// explained says what to do.
func (s *source) explained(err error) error {
	resource := resources[s.kind]
	what := "list and watch " + resource.GroupResource().String()
	switch {
	case apierrors.IsNotFound(err) && resource.Group != "":
		return fmt.Errorf("cannot %s: the cluster has no such resource; install Cilium, or set identities: pods", what)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("cannot %s: the API server forbids it; grant the verbs list and watch to this account: %w", what, err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("cannot %s: the API server does not accept the credentials: %w", what, err)
	case errors.Is(err, errNoAnswer), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, io.EOF), errors.As(err, new(net.Error)):
		return fmt.Errorf("cannot %s: the API server does not answer: %w", what, err)
	}
	return fmt.Errorf("cannot %s: %w", what, err)
}

func (s *source) current() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// sink gives a reflector's objects to the store.
type sink struct{ *source }

// Add implements cache.ReflectorStore, as do the methods below.
func (s sink) Add(o any) error {
	if o := o.(*object); o.used != nil {
		s.store.Apply(s.kind, o.used, names.Watched(s.now().UnixNano()))
	}
	return nil
}

// Update takes an object that has changed.
func (s sink) Update(o any) error { return s.Add(o) }

// Delete takes an object that is gone.
func (s sink) Delete(o any) error {
	if o := o.(*object); o.used != nil {
		s.store.Delete(s.kind, o.used.Key, s.now().UnixNano())
	}
	return nil
}

// Replace takes a complete list.
func (s sink) Replace(list []any, _ string) error {
	used := make([]*names.Object, 0, len(list))
	for _, o := range list {
		if o := o.(*object); o.used != nil {
			used = append(used, o.used)
		}
	}
	now := s.now().UnixNano()
	s.mu.Lock()
	missed := s.heard
	s.mu.Unlock()
	s.store.Replace(s.kind, used, names.Listed(now, missed))
	s.mu.Lock()
	if !s.state.Listed {
		close(s.first)
	}
	s.heard, s.listing, s.passing = now, false, nil
	s.state = State{Listed: true, Lists: s.state.Lists + 1}
	s.mu.Unlock()
	s.changed()
	return nil
}

// Resync has no meaning without a period, which is not set.
func (sink) Resync() error { return nil }
