package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/internal/fault"
)

// replay is the capture of a demo, and what its frames are known by.
type replay struct {
	path    string
	name    string        // for people
	rate    float64       // frames per second
	length  time.Duration // that it takes, or the demo if that is shorter
	endless bool          // it holds more than the demo takes
	frames  []fingerprint // in order; of an endless one a few more than the demo takes
	drive   *drive        // along which it was heard; nil if the sensor stands still
	scratch string        // directory of its own, or empty
}

// remove deletes a made-up capture.
func (r *replay) remove() {
	if r.scratch != "" {
		_ = os.RemoveAll(r.scratch)
		r.scratch = ""
	}
}

// replay makes a capture, or looks into the one that the user named.
func (d *demo) replay() (*replay, error) {
	r := &replay{path: d.file, name: filepath.Base(d.file), rate: min(demoRate, demoFrames/d.length.Seconds())}
	r.rate = math.Round(r.rate*10) / 10
	frames := int(math.Ceil(r.rate * d.length.Seconds()))
	if d.file == "" {
		if err := r.make(frames, d.position == ""); err != nil {
			r.remove()
			return nil, fault.New(fault.Internal, "the demo's capture", err)
		}
	}
	// While an endless capture is being ended it may give a little more.
	spare := int(r.rate*(flushTime+time.Second).Seconds()) + 1
	err := r.read(frames + spare)
	if err != nil {
		r.remove()
		return nil, err
	}
	r.endless = len(r.frames) > frames
	r.length = min(d.length, time.Duration(float64(len(r.frames))/r.rate*float64(time.Second)))
	return r, nil
}

// make writes a made-up capture of n frames into a directory of its own, and if
// the sensor moves, the log of its receiver.
func (r *replay) make(n int, moving bool) error {
	dir, err := os.MkdirTemp("", "sensord-demo-")
	if err != nil {
		return err
	}
	r.scratch, r.name = dir, "demo.pcap"
	r.path = filepath.Join(dir, r.name)
	air := standing()
	if moving {
		if r.drive, err = newDrive(dir); err != nil {
			return err
		}
		air = driving(r.drive.start.Add(r.drive.from), r.drive.length(), n)
	}
	f, err := os.Create(r.path)
	if err != nil {
		return err
	}
	return errors.Join(writeBeacons(f, n, air), f.Close())
}

// read takes the fingerprints of the first frames, at most so many. A capture
// that is damaged counts up to there; the run will say so.
func (r *replay) read(most int) error {
	if info, err := os.Stat(r.path); err == nil && !info.Mode().IsRegular() {
		return &fault.Error{
			Code: fault.SourceUnreadable, Object: "file " + r.path,
			Err: errors.New("it is no regular file"), Advice: "name a file: the demo reads it twice",
		}
	}
	file, err := pcapfile.Open(r.path, pcapfile.Options{})
	if err != nil {
		return err
	}
	defer file.Close()
	for len(r.frames) < most {
		batch, err := file.ReadBatch(context.Background())
		if batch != nil {
			for i := range batch.Len() {
				f := batch.Frame(i)
				r.frames = append(r.frames, fingerprintOf(uint32(f.LinkType), f.TimeNs/1000, f.OrigLen, f.Data))
			}
			batch.Release()
		}
		switch {
		case err != nil && !errors.Is(err, io.EOF) && len(r.frames) == 0:
			return err
		case err != nil:
			return r.notEmpty()
		}
	}
	return nil
}

func (r *replay) notEmpty() error {
	if len(r.frames) > 0 {
		return nil
	}
	return &fault.Error{
		Code: fault.SourceUnreadable, Object: "file " + r.path,
		Err: errors.New("it holds no frames"), Advice: "name a capture with frames, or leave --pcap out",
	}
}

// fingerprint is what a frame is known by: content, lengths, type and time.
type fingerprint [16]byte

// printedBytes is how much of a frame's content is looked at. What is longer
// is cut to fit into Kismet's largest message.
const printedBytes = 15_000

func fingerprintOf(linkType uint32, timeUs int64, origLen uint32, content []byte) fingerprint {
	h := sha256.New()
	var head [16]byte
	binary.BigEndian.PutUint32(head[:], linkType)
	binary.BigEndian.PutUint64(head[4:], uint64(max(timeUs, 0)))
	binary.BigEndian.PutUint32(head[12:], origLen)
	_, _ = h.Write(head[:])
	_, _ = h.Write(content[:min(len(content), printedBytes)])
	return fingerprint(h.Sum(nil)[:16])
}
