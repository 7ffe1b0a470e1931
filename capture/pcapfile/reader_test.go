package pcapfile_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket/pcapgo"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
)

// Ten beacons of a simulated radio, which tests of the wire replay as well.
func TestReadBeacons(t *testing.T) {
	r, err := pcapfile.Open("testdata/beacons.pcap", pcapfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if r.LinkType() != capture.LinkTypeRadiotap {
		t.Errorf("link type %d", r.LinkType())
	}
	b, err := r.ReadBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if b.Len() != 10 || b.Live {
		t.Fatalf("%d frames, clock offset %d", b.Len(), b.ClockOffsetNs)
	}
	f := b.Frame(0)
	const ssid = "\x00\x08rig-test"
	if f.TimeNs != 1795372327_431427_000 || f.OrigLen != 114 || len(f.Data) != 114 ||
		f.LinkType != capture.LinkTypeRadiotap || !strings.Contains(string(f.Data), ssid) {
		t.Errorf("first frame %d ns, %d of %d bytes, link type %d:\n% x", f.TimeNs, len(f.Data), f.OrigLen, f.LinkType, f.Data)
	}
	if last := b.Frame(9); last.TimeNs != 1795372328_346173_000 {
		t.Errorf("last frame at %d ns", last.TimeNs)
	}
	if b, err := r.ReadBatch(t.Context()); !errors.Is(err, io.EOF) || b != nil {
		t.Errorf("at the end: %v, %v", b, err)
	}
}

// Every format gives the same frames, in full batches.
func TestFormatsGiveTheSameFrames(t *testing.T) {
	want := someFrames(1000)
	pcap, pcapng := pcapOf(t, want), pcapngOf(t, want)
	for name, content := range map[string][]byte{
		"a.pcap": pcap, "a.pcapng": pcapng, "zipped.pcap": gzipped(t, pcap), "zipped.dat": gzipped(t, pcapng),
		"two members":   append(gzipped(t, pcap[:100]), gzipped(t, pcap[100:])...),
		"not zipped.gz": pcap,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := pcapfile.Open(writeFile(t, name, content), pcapfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			if r.LinkType() != capture.LinkTypeRadiotap {
				t.Errorf("link type %d", r.LinkType())
			}
			got, err := readAll(t, r)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBatchesAreFull(t *testing.T) {
	r := newReader(t, pcapOf(t, someFrames(100)), pcapfile.Options{})
	var sizes []int
	for {
		b, err := r.ReadBatch(t.Context())
		if err != nil {
			break
		}
		sizes = append(sizes, b.Len())
		b.Release()
	}
	if diff := cmp.Diff([]int{64, 36}, sizes); diff != "" {
		t.Errorf("frames per batch (-want +got):\n%s", diff)
	}
}

// Large frames end a batch early and get lost nowhere.
func TestBatchesAreFullByBytes(t *testing.T) {
	want := someFrames(30)
	for i := range want {
		want[i].Data = strings.Repeat("x", 5000+i)
		want[i].OrigLen = uint32(len(want[i].Data))
	}
	got, err := readAll(t, newReader(t, pcapOf(t, want), pcapfile.Options{}))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// gopacket, where it is right, reads the same out of a file as we do.
func TestAgreesWithGopacket(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var want []frame
		for range rapid.IntRange(0, 100).Draw(rt, "frames") {
			n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 9000)).Draw(rt, "bytes")
			want = append(want, frame{
				// From 1 s on: an empty frame of time 0 is damage to us.
				TimeNs:   rapid.Int64Range(1e9, 1<<32*1e9-1).Draw(rt, "time"),
				OrigLen:  uint32(n + rapid.IntRange(0, 2).Draw(rt, "more")),
				LinkType: capture.LinkTypeRadiotap,
				Data:     strings.Repeat("f", n),
			})
		}
		pcap, pcapng := pcapOf(t, want), pcapngOf(t, want)
		classic, err := pcapgo.NewReader(strings.NewReader(string(pcap)))
		if err != nil {
			rt.Fatal(err)
		}
		ng, err := pcapgo.NewNgReader(strings.NewReader(string(pcapng)), pcapgo.DefaultNgReaderOptions)
		if err != nil {
			rt.Fatal(err)
		}
		for _, theirs := range []packetReader{classic, ng} {
			if diff := cmp.Diff(want, theirFrames(rt, theirs)); diff != "" {
				rt.Fatalf("%T reads something else (-want +got):\n%s", theirs, diff)
			}
		}
		for _, content := range [][]byte{pcap, pcapng} {
			r, err := pcapfile.NewReader("test", strings.NewReader(string(content)), pcapfile.Options{})
			if err != nil {
				rt.Fatal(err)
			}
			got, err := readAll(t, r)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("(-want +got):\n%s", diff)
			}
		}
	})
}

func TestPcapVariants(t *testing.T) {
	data := strings.Repeat("d", 100)
	for _, tc := range []struct {
		name    string
		content []byte
		want    frame
	}{
		{
			"microseconds", join(pcapHeader(little, 0xa1b2c3d4, 4, 127), pcapRecord(little, 1, 999999, 100, 200, data)),
			frame{1_999_999_000, 200, 127, data},
		},
		{
			"nanoseconds", join(pcapHeader(little, 0xa1b23c4d, 4, 105), pcapRecord(little, 1, 999999999, 100, 200, data)),
			frame{1_999_999_999, 200, 105, data},
		},
		{
			"big-endian", join(pcapHeader(big, 0xa1b2c3d4, 4, 192), pcapRecord(big, 1, 2, 100, 200, data)),
			frame{1_000_002_000, 200, 192, data},
		},
		{
			"big-endian nanoseconds", join(pcapHeader(big, 0xa1b23c4d, 4, 1), pcapRecord(big, 1, 2, 100, 200, data)),
			frame{1_000_000_002, 200, 1, data},
		},
		{
			"after 2038", join(pcapHeader(little, 0xa1b2c3d4, 4, 127), pcapRecord(little, 0xffffffff, 0, 100, 100, data)),
			frame{4294967295_000000000, 100, 127, data},
		},
		{
			"FCS length in the link type", join(pcapHeader(little, 0xa1b2c3d4, 4, 0x4400007f), pcapRecord(little, 0, 0, 100, 100, data)),
			frame{0, 100, 127, data},
		},
		{
			"original length too short", join(pcapHeader(little, 0xa1b2c3d4, 4, 127), pcapRecord(little, 0, 0, 100, 7, data)),
			frame{0, 100, 127, data},
		},
		{
			"no data", join(pcapHeader(little, 0xa1b2c3d4, 4, 127), pcapRecord(little, 0, 0, 0, 7, "")),
			frame{0, 7, 127, ""},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReader(t, tc.content, pcapfile.Options{})
			got, err := readAll(t, r)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]frame{tc.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.LinkType() != tc.want.LinkType {
				t.Errorf("link type %d, want %d", r.LinkType(), tc.want.LinkType)
			}
		})
	}
}

// A frame longer than what is kept is cut, and what follows is found.
func TestLongFramesAreCut(t *testing.T) {
	long, short := strings.Repeat("l", 200_000), "short"
	pcap := join(pcapHeader(little, 0xa1b2c3d4, 4, 127),
		pcapRecord(little, 0, 0, 200_000, 200_000, long), pcapRecord(little, 1, 0, 5, 5, short))
	pcapng := join(section(little, 1, 0), iface(little, 127, 0), enhanced(little, 0, 0, long), enhanced(little, 0, 1_000_000, short))
	want := []frame{
		{0, 200_000, 127, long[:capture.MaxFrameBytes]},
		{1_000_000_000, 5, 127, short},
	}
	for name, content := range map[string][]byte{"pcap": pcap, "pcapng": pcapng} {
		got, err := readAll(t, newReader(t, content, pcapfile.Options{}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadBatchEndsWithItsContext(t *testing.T) {
	r := newReader(t, pcapOf(t, someFrames(3)), pcapfile.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if b, err := r.ReadBatch(ctx); !errors.Is(err, context.Canceled) || b != nil {
		t.Errorf("%v, %v", b, err)
	}
	if got, err := readAll(t, r); len(got) != 3 || err != nil {
		t.Errorf("afterwards %d frames, %v", len(got), err)
	}
}

// A file that never comes to a frame does not hold its reader.
func TestReadBatchEndsWithItsContextWithinBlocks(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	src := &endless{
		head: join(section(little, 1, 0), iface(little, 127, 0)), body: block(little, 0xbad, make([]byte, 1000)),
		cancel: cancel, left: 1 << 20,
	}
	r, err := pcapfile.NewReader("endless", src, pcapfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := r.ReadBatch(ctx); !errors.Is(err, context.Canceled) || b != nil {
		t.Errorf("%v, %v", b, err)
	}
}

func TestReadBatchAfterClose(t *testing.T) {
	r := newReader(t, pcapOf(t, someFrames(3)), pcapfile.Options{})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := r.ReadBatch(t.Context()); !errors.Is(err, os.ErrClosed) || b != nil {
		t.Errorf("%v, %v", b, err)
	}
}

func TestEmptyCaptures(t *testing.T) {
	for name, content := range map[string][]byte{
		"pcap": pcapOf(t, nil), "pcapng": pcapngOf(t, nil), "pcapng without interface": section(binary.LittleEndian, 1, 0),
	} {
		if got, err := readAll(t, newReader(t, content, pcapfile.Options{})); len(got) != 0 || err != nil {
			t.Errorf("%s: %d frames, %v", name, len(got), err)
		}
	}
}
