package configs

import (
	"time"

	yaml "go.yaml.in/yaml/v3"
)

// Defaults and bounds of local recordings.
const (
	defaultRecordBytes = 100 << 20
	minRecordBytes     = 1 << 20
	defaultRecordEvery = time.Hour
	defaultRecordSync  = time.Second
)

// recordOff writes nothing, where an earlier place says otherwise.
const recordOff = "off"

// recordDraft is what was written of local recordings.
type recordDraft struct {
	from                              Origin // of the block
	dir, size, every, total, syncTime text
}

func (d *document) record(n *yaml.Node, path string, into *recordDraft) {
	into.from = d.origin(n)
	d.mapping(n, path, []field{
		{"dir", d.scalar(&into.dir)},
		{"size", d.scalar(&into.size)},
		{"every", d.scalar(&into.every)},
		{"total", d.scalar(&into.total)},
		{"sync", d.scalar(&into.syncTime)},
	})
}

// records reports whether frames are to be recorded, be it with mistakes.
func (d *draft) records() bool {
	dir := d.record.dir
	return dir.value != recordOff && (d.record.from.set() || dir.given())
}

// recording settles where every frame is written to.
func (l *loader) recording(d *draft) Record {
	w := &d.record
	if !d.records() {
		return Record{}
	}
	if !w.dir.given() {
		if !l.blamed("record.dir") && !l.blamedAt("record", "dir") {
			l.wrong(w.from, "record", "add dir: DIR", "nothing says where to write recordings")
		}
		return Record{}
	}
	const total = "record.total"
	c := Record{
		Dir:       l.directory(w.dir, "record.dir"),
		SizeBytes: l.size(w.size, "record.size", defaultRecordBytes, minRecordBytes),
		Every:     l.duration(w.every, "record.every", defaultRecordEvery, time.Minute, 366*day, "never"),
		SyncEvery: l.duration(w.syncTime, "record.sync", defaultRecordSync, 10*time.Millisecond, time.Hour, ""),
	}
	if w.total.value != unlimited {
		c.TotalBytes = l.size(w.total, total, 0, minRecordBytes)
	}
	if c.TotalBytes > 0 && c.TotalBytes < 2*c.SizeBytes && !l.blamed("record.size", total) {
		l.wrong(w.total.from, total, "write "+FormatSize(2*c.SizeBytes)+" or more, or a smaller record.size",
			"%s is less than two files of %s: the one before the current would be deleted at once", quote(w.total.value), FormatSize(c.SizeBytes))
	}
	l.settle("record.dir", c.Dir, w.dir.from)
	l.settle("record.size", FormatSize(c.SizeBytes), w.size.from)
	l.settle("record.every", neverText(c.Every), w.every.from)
	l.settle(total, boundText(FormatSize(c.TotalBytes), float64(c.TotalBytes)), w.total.from)
	l.settleGiven("record.sync", FormatDuration(c.SyncEvery), w.syncTime)
	return c
}

// neverText writes a duration, of which 0 is never.
func neverText(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return FormatDuration(d)
}
