package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/uplink/frames/spool"
	"github.com/sensord/sensord/web"
)

func (a *app) listSpool(cmd *cobra.Command, v *spoolFlags, names []string) error {
	dir, infos, err := a.spoolOf(cmd, v)
	if err != nil {
		return err
	}
	if infos, err = a.pick(dir, infos, names); err != nil {
		return err
	}
	if v.json {
		return encodeJSON(a.out, spoolJSON(dir, infos))
	}
	_, err = io.WriteString(a.out, spoolText(dir, infos))
	return err
}

// spoolText lists sources for people.
func spoolText(dir string, infos []spool.Info) string {
	var b strings.Builder
	if len(infos) == 0 {
		fmt.Fprintf(&b, "nothing waits in %s\n", dir)
		return b.String()
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SOURCE\tFRAMES\tON DISK\tFROM\tTO\tSTATE")
	for _, i := range infos {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n",
			printable(spoolName(i)), i.Frames, sizeText(i.Bytes), spoolTime(i.First), spoolTime(i.Last), spoolState(i))
	}
	_ = w.Flush()
	return b.String()
}

func spoolTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return momentOf(t)
}

// spoolCounts is what became of a source's frames that wait no more.
func spoolCounts(i spool.Info) spool.Counts {
	c := i.Counts
	c.Damaged += i.Lost // as the next start will count them
	return c
}

// lostByReason is how many frames no server got, by the reasons of the status.
func lostByReason(c *spool.Counts) map[string]uint64 {
	by := map[string]uint64{"memory": c.Memory, "size": c.Size, "age": c.Age, "disk": c.Disk, "newest": c.Newest, "damaged": c.Damaged}
	maps.DeleteFunc(by, func(_ string, n uint64) bool { return n == 0 })
	return by
}

// spoolState says who has what is kept, and in which state it is.
func spoolState(i spool.Info) string {
	state := "waits for the next start"
	switch {
	case i.Locked:
		state = "a running sensord has it"
	case i.Frames == 0:
		state = "nothing waits"
	}
	if c := spoolCounts(i); c.Lost() > 0 {
		state += fmt.Sprintf(", %s lost so far", web.Grouped(c.Lost()))
	}
	if i.Damaged {
		state += ", damaged"
	}
	return state
}

func (a *app) showSpool(cmd *cobra.Command, v *spoolFlags, names []string) error {
	if v.json {
		return a.listSpool(cmd, v, names)
	}
	dir, infos, err := a.spoolOf(cmd, v)
	if err != nil {
		return err
	}
	if infos, err = a.pick(dir, infos, names); err != nil {
		return err
	}
	if len(infos) == 0 {
		_, err := io.WriteString(a.out, spoolText(dir, nil))
		return err
	}
	var b strings.Builder
	for n, i := range infos {
		if n > 0 {
			b.WriteString("\n")
		}
		writeSpool(&b, dir, i)
	}
	_, err = io.WriteString(a.out, b.String())
	return err
}

// writeSpool tells all that is known of one source.
func writeSpool(b *strings.Builder, dir string, i spool.Info) {
	kind := "a capture file, with its own times"
	switch {
	case i.Live:
		kind = "live"
	case i.Type == "":
		kind = "as what is known of the source cannot be read; its frames can"
	}
	fmt.Fprintf(b, "%s\n", printable(spoolName(i)))
	c := spoolCounts(i)
	for _, line := range [][2]string{
		{"uuid", i.UUID.String()},
		{"type", printable(cmp.Or(i.Type, "unknown")) + ", " + kind},
		{"frames", fmt.Sprintf("%d, which no server has confirmed", i.Frames)},
		{"confirmed", web.Grouped(c.Confirmed) + " since the source is known here, as was noted last"},
		{"lost", web.Grouped(c.Lost()) + " since then: " + countText(lostByReason(&c))},
		{"on disk", sizeText(i.Bytes)},
		{"heard", spoolTime(i.First) + " to " + spoolTime(i.Last)},
		{"state", spoolState(i)},
	} {
		if line[0] == "lost" && c.Lost() == 0 {
			continue
		}
		fmt.Fprintf(b, "  %-10s %s\n", line[0], line[1])
	}
	if i.Frames > 0 {
		fmt.Fprintf(b, "  to read it: sensord spool export --spool %s %s --output %s.pcapng\n", shellWord(dir), i.UUID, i.UUID)
	}
}

// shellWord quotes what a shell would take apart.
func shellWord(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// keptSpool is the output of `sensord spool --json`, which other programs read:
// a field is never renamed or removed.
type keptSpool struct {
	Dir     string       `json:"dir"`
	Frames  uint64       `json:"frames"` // of all sources, that no server has confirmed
	Bytes   int64        `json:"bytes"`  // on disk
	Sources []keptSource `json:"sources"`
}

type keptSource struct {
	UUID      string     `json:"uuid"`
	Name      string     `json:"name"` // "" if it cannot be read any more
	Type      string     `json:"type"`
	Live      bool       `json:"live"`
	Frames    uint64     `json:"frames"`
	Bytes     int64      `json:"bytes"`
	First     *time.Time `json:"first"` // null where there are no frames
	Last      *time.Time `json:"last"`
	Confirmed uint64     `json:"confirmed"` // as was noted last: while something waits, and at the end of a run
	Locked    bool       `json:"locked"`    // a running sensord has it
	Damaged   bool       `json:"damaged"`
	Lost      uint64     `json:"lost"` // frames that cannot be read any more

	// Dropped is lost frames by reason, those of Lost as "damaged": noted like Confirmed.
	Dropped   uint64            `json:"dropped"`
	DroppedBy map[string]uint64 `json:"dropped_by"`
}

func spoolJSON(dir string, infos []spool.Info) keptSpool {
	k := keptSpool{Dir: dir, Sources: []keptSource{}}
	moment := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	for _, i := range infos {
		k.Frames += i.Frames
		k.Bytes += i.Bytes
		c := spoolCounts(i)
		k.Sources = append(k.Sources, keptSource{
			UUID: i.UUID.String(), Name: i.Name, Type: i.Type, Live: i.Live, Frames: i.Frames, Bytes: i.Bytes,
			First: moment(i.First), Last: moment(i.Last), Confirmed: c.Confirmed, Locked: i.Locked, Damaged: i.Damaged, Lost: c.Damaged,
			Dropped: c.Lost(), DroppedBy: lostByReason(&c),
		})
	}
	return k
}
