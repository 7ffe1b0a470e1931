package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/uplink/frames"
)

// A Capture reads a pcap or pcapng file, plain or gzip, frame by frame, with the
// positions of Kismet's GPS option where it has them.
//
// Files are hostile input: memory stays bounded, and what was readable before a
// damage comes before its error.
type Capture struct {
	file    *pcapfile.Reader
	path    string
	sources map[[2]int]capture.UUID // by section and interface
	names   map[capture.UUID]string
}

// OpenCapture opens a file. Errors are those of pcapfile.Open.
func OpenCapture(path string) (*Capture, error) {
	r, err := pcapfile.Open(path, pcapfile.Options{})
	if err != nil {
		return nil, err
	}
	return newCapture(path, r), nil
}

func newCapture(path string, r *pcapfile.Reader) *Capture {
	return &Capture{
		file: r, path: path,
		sources: map[[2]int]capture.UUID{}, names: map[capture.UUID]string{},
	}
}

// maxInterfaces bounds how many interfaces of all sections are remembered.
const maxInterfaces = 4096

// Next returns the next frame, a view that ends with the next call. At the end
// it returns io.EOF; at a damage, and from a file that was cut, a *fault.Error
// with the code SourceCorrupt.
func (c *Capture) Next() (frames.Located, error) {
	rec, err := c.file.Next(context.Background())
	if err != nil {
		return frames.Located{}, err
	}
	f := frames.Located{Source: c.source(rec.Interface), Frame: rec.Frame, TimeNs: rec.Frame.TimeNs}
	for option := range rec.Custom(kismetPEN) {
		if p, ok := readGPSOption(option, rec.BigEndian); ok {
			f.Position, f.HasPosition = p, true
			break
		}
	}
	return f, nil
}

// Name returns what the file calls a source that Next has returned, or "".
func (c *Capture) Name(source capture.UUID) string { return c.names[source] }

// Close closes the file.
func (c *Capture) Close() error { return c.file.Close() }

// source returns the UUID of an interface: the one that its description has, as
// in our own files, else one made of the names of file and interface.
func (c *Capture) source(i pcapfile.Interface) capture.UUID {
	place := [2]int{i.Section, i.Index}
	if u, ok := c.sources[place]; ok {
		return u
	}
	text, ours := strings.CutPrefix(i.Description, descriptionPrefix)
	u, err := capture.ParseUUID(text)
	name := i.Name
	if !ours || err != nil {
		base := filepath.Base(c.path)
		if name == "" {
			name = base
		}
		if i.Section+i.Index > 0 {
			base = fmt.Sprintf("%s#%d.%d", base, i.Section, i.Index)
		}
		u = capture.FileUUID(base)
	}
	if len(c.sources) >= maxInterfaces {
		return u
	}
	c.sources[place] = u
	if _, ok := c.names[u]; !ok {
		c.names[u] = name
	}
	return u
}

// ReadPcapNG reads a pcapng or pcap file from r to its end and hands each frame
// to do, as a view that ends when do returns. An error of do ends it.
func ReadPcapNG(r io.Reader, do func(*frames.Located) error) error {
	file, err := pcapfile.NewReader("capture", r, pcapfile.Options{})
	if err != nil {
		return err
	}
	c := newCapture("capture", file)
	for {
		f, err := c.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(&f); err != nil {
			return err
		}
	}
}
