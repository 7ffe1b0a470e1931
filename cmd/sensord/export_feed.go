package main

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A frameFeed hands over the frames of one place in about the order of time. An
// error ends it; what comes before stands.
type frameFeed struct {
	object string
	path   string // of a file
	frames iter.Seq2[*frames.Located, error]
	name   func(capture.UUID) string // of a source whose frame was handed over
	begins bool                      // it has nothing to do with the feed before
	part   bool                      // a recording that is being written, or was cut: its end may be torn
}

// exportFeeds finds out what the arguments are.
func exportFeeds(args []string, sources []capture.UUID) (feeds []frameFeed, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			if e, ok := errors.AsType[*fs.PathError](err); ok {
				err = e.Err
			}
			return nil, fault.New(fault.ExportFormat, arg, err)
		}
		own := []frameFeed{fileFeed(arg)}
		if info.IsDir() {
			if own, err = directoryFeeds(arg, sources); err != nil {
				return nil, err
			}
		}
		own[0].begins = true
		feeds = append(feeds, own...)
	}
	return feeds, nil
}

// directoryFeeds takes a directory for a spool, for that of one source in a
// spool, or for one of recordings.
func directoryFeeds(dir string, sources []capture.UUID) ([]frameFeed, error) {
	clean := filepath.Clean(dir)
	if uuid, err := capture.ParseUUID(filepath.Base(clean)); err == nil {
		dir, sources = filepath.Dir(clean), []capture.UUID{uuid}
	}
	infos, err := spool.List(dir)
	if err != nil && fault.CodeOf(err) != fault.SpoolAbsent {
		return nil, unread(err)
	}
	if len(sources) > 0 {
		infos = slices.DeleteFunc(infos, func(i spool.Info) bool { return !slices.Contains(sources, i.UUID) })
	}
	if len(infos) > 0 {
		return []frameFeed{spoolFeed(dir, infos)}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.New(fault.ExportFormat, "directory "+dir, err)
	}
	var feeds []frameFeed
	last := ""
	for _, e := range entries { // in order of their names, which begin with rig and time
		if e.Type().IsRegular() && isCaptureName(e.Name()) {
			own := fileFeed(filepath.Join(dir, e.Name()))
			rig := recordedBy(e.Name())
			own.begins = len(feeds) == 0 || rig == "" || rig != last
			feeds, last = append(feeds, own), rig
		}
	}
	if len(feeds) == 0 {
		return nil, fault.Newf(fault.ExportFormat, "directory "+dir, "it holds neither kept frames nor recordings")
	}
	return feeds, nil
}

// recordedBy returns which rig has made a recording by its name, "" if it is
// none: what follows it may have been heard anywhere.
func recordedBy(name string) string {
	m := regexp.MustCompile(`^(.+)-\d{8}T\d{6}Z-\d{4,9}\.pcapng(\.part)?$`).FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return m[1]
}

// inputs are all files and directories that are read.
func inputs(args []string, feeds []frameFeed) []string {
	all := slices.Clone(args)
	for _, f := range feeds {
		if f.path != "" {
			all = append(all, f.path)
		}
	}
	return all
}

// isCaptureName reports whether a file in a directory of recordings is meant.
func isCaptureName(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, export.PartEnding), ".gz")
	return strings.HasSuffix(name, ".pcapng") || strings.HasSuffix(name, ".pcap")
}

func fileFeed(path string) frameFeed {
	var c *export.Capture
	return frameFeed{
		object: "file " + path, path: path,
		part: strings.HasSuffix(path, export.PartEnding),
		name: func(u capture.UUID) string { return c.Name(u) },
		frames: func(yield func(*frames.Located, error) bool) {
			var err error
			var l frames.Located // one for all, not one for each
			if c, err = export.OpenCapture(path); err != nil {
				yield(nil, err)
				return
			}
			defer c.Close()
			for {
				if l, err = c.Next(); errors.Is(err, io.EOF) {
					return
				}
				if !yield(&l, err) || err != nil {
					return
				}
			}
		},
	}
}

// spoolFeed is what is kept of several sources, in order of time.
func spoolFeed(dir string, infos []spool.Info) frameFeed {
	f := frameFeed{object: "spool " + dir, name: func(u capture.UUID) string {
		for _, i := range infos {
			if i.UUID == u {
				return i.Name
			}
		}
		return ""
	}}
	f.frames = func(yield func(*frames.Located, error) bool) {
		var all []iter.Seq2[*frames.Located, error]
		for _, i := range infos {
			all = append(all, sourceFrames(dir, i))
		}
		merge(all, yield)
	}
	return f
}

var errStopped = errors.New("stopped")

// sourceFrames is what is kept of one source.
func sourceFrames(dir string, i spool.Info) iter.Seq2[*frames.Located, error] {
	return func(yield func(*frames.Located, error) bool) {
		err := frames.ReadSpool(dir, i.UUID, func(l *frames.Located) error {
			if !yield(l, nil) {
				return errStopped
			}
			return nil
		})
		switch {
		case errors.Is(err, errStopped):
		case err != nil:
			yield(nil, unread(err))
		case i.Damaged:
			yield(nil, fault.Newf(fault.SpoolDamaged, "source "+printable(spoolName(i)), "not all that is kept of it can be read"))
		}
	}
}

// merge hands over the frames of several sequences by their times; each of them
// keeps its order. Errors are handed over as they come.
func merge(all []iter.Seq2[*frames.Located, error], yield func(*frames.Located, error) bool) {
	type head struct {
		next  func() (*frames.Located, error, bool)
		frame *frames.Located
	}
	var heads []*head
	advance := func(h *head) bool {
		for {
			l, err, ok := h.next()
			if !ok {
				heads = slices.DeleteFunc(heads, func(o *head) bool { return o == h })
				return true
			}
			if err == nil {
				h.frame = l
				return true
			}
			if !yield(nil, err) {
				return false
			}
		}
	}
	for _, seq := range all {
		next, stop := iter.Pull2(seq)
		defer stop()
		h := &head{next: next}
		heads = append(heads, h)
		if !advance(h) {
			return
		}
	}
	for len(heads) > 0 {
		first := heads[0]
		for _, h := range heads[1:] {
			if h.frame.TimeNs < first.frame.TimeNs {
				first = h
			}
		}
		if !yield(first.frame, nil) || !advance(first) {
			return
		}
	}
}
