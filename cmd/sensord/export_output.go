package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

var errNoFormat = errors.New("there is no such format")

// A sink writes frames in a format.
type sink interface {
	add(*frames.Located) error
	close() error
	told() string // what else came of it, "" for nothing
}

var (
	_ sink = pcapSink{}
	_ sink = wigleSink{}
	_ sink = gpxSink{}
)

func newSink(format string, w io.Writer, name func(capture.UUID) string) sink {
	switch format {
	case formatWigle:
		return wigleSink{export.NewWigle(w, export.WigleOptions{Version: versionText()})}
	case formatGPX:
		return gpxSink{export.NewGPX(w, "")}
	}
	return pcapSink{export.NewPcapNG(w, export.PcapOptions{Program: "sensord " + versionText(), Name: name})}
}

type pcapSink struct{ w *export.PcapNG }

func (s pcapSink) add(l *frames.Located) error { return s.w.Write(l) }
func (s pcapSink) close() error                { return s.w.Close() }
func (s pcapSink) told() string                { return "" }

type wigleSink struct{ w *export.Wigle }

func (s wigleSink) add(l *frames.Located) error { return s.w.Add(l) }
func (s wigleSink) close() error                { return s.w.Close() }
func (s wigleSink) told() string {
	return plural(whole(s.w.Stats().Rows), "row", "rows") + " of networks"
}

type gpxSink struct{ w *export.GPX }

func (s gpxSink) add(l *frames.Located) error { s.w.Add(l); return nil }
func (s gpxSink) close() error                { return s.w.Close() }
func (s gpxSink) told() string                { return plural(s.w.Points(), "point", "points") }

// An exportOutput is where an export goes: a file that has its name only when it is
// complete, or standard output.
type exportOutput struct {
	io.Writer
	name string // "" for standard output
	file *os.File
	temp string // its name until then; "" for what is no regular file
}

// openOutput opens the file, or takes stdout. It refuses to write over what is
// read.
func openOutput(name string, stdout io.Writer, inputs []string) (*exportOutput, error) {
	if name == "" || name == "-" {
		return &exportOutput{Writer: stdout}, nil
	}
	o := &exportOutput{name: name}
	info, err := os.Stat(name)
	var flags int
	switch {
	case err == nil && !info.Mode().IsRegular():
		flags = os.O_WRONLY
	default:
		// A name that is no recording's, nor another export's: what is left of it
		// if this process is killed must not be taken for one.
		o.temp = filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d", filepath.Base(name), os.Getpid()))
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	for _, input := range inputs {
		if i, statErr := os.Stat(input); statErr == nil && err == nil && os.SameFile(i, info) {
			return nil, usageError("--output "+name, "name another file", "it is what is to be read")
		}
	}
	path := name
	if o.temp != "" {
		path = o.temp
	}
	// As recordings: where somebody was is not for everybody.
	if o.file, err = os.OpenFile(path, flags, 0o640); err != nil {
		return nil, o.fault(err)
	}
	o.Writer = bufio.NewWriterSize(o.file, 64<<10)
	return o, nil
}

// finish ends the output: the file gets its name, or is removed if err is not
// nil.
func (o *exportOutput) finish(err error) error {
	if o.file == nil {
		return err
	}
	if w, ok := o.Writer.(*bufio.Writer); ok && err == nil {
		err = w.Flush()
	}
	if err == nil && o.temp != "" {
		err = o.file.Sync()
	}
	err = errors.Join(err, o.file.Close())
	if err == nil && o.temp != "" {
		err = os.Rename(o.temp, o.name)
	}
	if err != nil && o.temp != "" {
		_ = os.Remove(o.temp)
	}
	if err != nil && !errors.Is(err, errExportInterrupted) && !errors.Is(err, errExportNothing) {
		err = o.fault(err)
	}
	return err
}

// fault says why the file cannot be written.
func (o *exportOutput) fault(err error) error {
	code := fault.DiskFailed
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = fault.DiskFull
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return &fault.Error{
		Code: code, Object: "--output " + o.name, Err: err,
		Advice: fmt.Sprintf("name a file that can be written, or make room; nothing is left of %s", o.name),
	}
}
