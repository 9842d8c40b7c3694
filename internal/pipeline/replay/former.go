// SPDX-License-Identifier: Apache-2.0

// Files that were renamed or removed while nobody followed them. The storage knows the files of the last run; the recorder has renamed them to
// name.1.ext, or replaced them since.

package replay

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// earlierOf returns the name that a recorder gives to its full file: dns.etl becomes dns.1.etl.
func earlierOf(path string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + ".1" + ext
}

// laterOf is the reverse of earlierOf. ok is false for other names.
func laterOf(path string) (later string, ok bool) {
	ext := filepath.Ext(path)
	later, ok = strings.CutSuffix(strings.TrimSuffix(path, ext), ".1")
	return later + ext, ok
}

// meetFormer begins to follow the earlier files of the recordings that the last run has read, and reports which files of that run are missing.
// The files that the paths name now are followed already.
func (f *follower) meetFormer(ctx context.Context) {
	if f.Store == nil || f.Track == nil {
		return
	}
	known := f.Store.Known(ctx)
	stored := map[span.ID]checkpoint.Known{}
	last := map[string]checkpoint.Known{} // by the path that the recorder writes to
	var paths []string
	for _, k := range known {
		stored[k.ID] = k
		if path, ok := f.written(k.Path); ok {
			last[path] = k
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	here := map[span.ID]bool{}
	for _, file := range f.files {
		if file.closed && f.openAgain(file) != nil {
			continue
		}
		here[f.identify(&file.content)] = true
		f.spare(file)
	}
	for _, path := range paths {
		id, ok := f.insertEarlier(path, stored)
		if here[id] = true; !ok {
			continue
		}
		// An earlier file that was never read was begun after the last one that was.
		if k := last[path]; k.Complete && !here[k.ID] {
			if _, read := stored[id]; !read {
				f.missing(k, "other files were written under this name since the last run; of more than two, the first are missing")
			}
		}
	}
	for _, k := range known {
		if _, ok := f.written(k.Path); ok && !k.Complete && !here[k.ID] {
			f.missing(k, "a file that was being read is not there any more, nor is it the earlier file of a recording; what it had after this place is missing, and so may be files that came after it")
		}
	}
}

// insertEarlier begins to follow the earlier file of a recording, before the file that is written now, if something of it was not read. id is
// that of the earlier file, zero if there is none or it has no event; ok reports whether it is followed because of this.
func (f *follower) insertEarlier(path string, stored map[span.ID]checkpoint.Known) (id span.ID, ok bool) {
	earlier := earlierOf(path)
	info, err := os.Stat(earlier)
	if err != nil || !info.Mode().IsRegular() || f.find(earlier, info) != nil {
		return id, false
	}
	c, ok := f.open(earlier, info)
	if !ok {
		return id, false
	}
	at := slices.IndexFunc(f.files, func(file *followed) bool { return placeOf(file.path) == placeOf(path) })
	id = f.identify(&c)
	unread := true
	switch k, known := stored[id]; {
	case id == (span.ID{}):
		unread = false
	case known:
		unread = !k.Complete
	case at >= 0: // it was there before the file that the last run has read
		if f.files[at].closed && f.openAgain(f.files[at]) != nil {
			break
		}
		_, known := stored[f.identify(&f.files[at].content)]
		f.spare(f.files[at])
		unread = !known
	}
	if !unread {
		_ = c.file.Close()
		return id, false
	}
	f.insert(max(at, 0), &followed{content: c})
	f.Logger.Info("following the earlier file of a recording to its end", zap.String("file", earlier))
	return id, true
}

// missing reports, once, that a file of the last run, or a part of it, is missing.
func (f *follower) missing(k checkpoint.Known, what string) {
	f.Problems.Add(checkpoint.Missing, 1)
	f.Logger.Warn(what, zap.String("file", k.Path), zap.String("reason", checkpoint.Missing), zap.Int64("read_up_to_byte", k.From.At+k.From.In))
	f.Track.Complete(k.ID, k.Path, k.Position)
}

// identify returns the identifier of a file, zero if it has no event or cannot be read.
func (f *follower) identify(c *content) span.ID {
	x, err := f.Survey(c.file, c.size, span.Query{To: span.Place{In: 1}})
	if err != nil {
		return span.ID{}
	}
	return x.ID
}

// written returns the path under which a file was written that the last run has read. ok is false if no path of the configuration names it.
func (f *follower) written(path string) (_ string, ok bool) {
	if f.names(path) {
		return path, true
	}
	later, ok := laterOf(path)
	return later, ok && f.names(later)
}

// names reports whether the configuration names a path, which need not be there.
func (f *follower) names(path string) bool {
	return slices.ContainsFunc(f.Path, func(named string) bool {
		if placeOf(named) == placeOf(path) {
			return true
		}
		pattern, name := named, path
		if isThere(filepath.Dir(named)) && placeOf(filepath.Dir(named)) == placeOf(filepath.Dir(path)) { // a folder's name may look like a pattern
			pattern, name = filepath.Base(named), filepath.Base(path)
		}
		is, err := filepath.Match(pattern, name)
		return err == nil && is
	})
}
