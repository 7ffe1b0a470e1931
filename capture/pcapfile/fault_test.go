package pcapfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/internal/fault"
)

func checkFault(t *testing.T, err error, code fault.Code, text, remedy string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", text)
	}
	if diff := cmp.Diff(text, err.Error()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if got := fault.CodeOf(err); got != code {
		t.Errorf("code %q, want %q", got, code)
	}
	if got := fault.RemedyOf(err); got != remedy {
		t.Errorf("remedy %q, want %q", got, remedy)
	}
}

const (
	adviceCapture = "give an undamaged capture: pcap or pcapng, gzip is fine"
	adviceDamage  = "everything before the damage was sent; copy the file again if the original is whole"
)

func TestOpenFaults(t *testing.T) {
	dir := t.TempDir()
	plain := writeFile(t, "notes.txt", []byte("these are notes"))
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, tc := range []struct {
		name, path, text string
		code             fault.Code
		remedy           string
	}{
		{"missing", "gone.pcap", "file gone.pcap: no such file or directory", fault.SourceMissing, "check the path; it is relative to where sensord was started"},
		{"below a file", plain + "/x", "file " + plain + "/x: not a directory", fault.SourceMissing, "check the path; it is relative to where sensord was started"},
		{"directory", dir, "file " + dir + ": is a directory", fault.SourceUnreadable, "name a capture file inside of it"},
		{"socket", socket, "file " + socket + ": no such device or address", fault.SourceUnreadable, "check the file's permissions"},
		{"no capture", plain, "file " + plain + ": is no pcap or pcapng file", fault.SourceCorrupt, adviceCapture},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := pcapfile.Open(tc.path, pcapfile.Options{})
			if r != nil {
				t.Error("error and reader")
			}
			checkFault(t, err, tc.code, tc.text, tc.remedy)
		})
	}
}

// Root reads everything, so the error comes from here.
func TestOpenFaultOfPermission(t *testing.T) {
	err := pcapfile.OpenFault("/root/x.pcap", &fs.PathError{Op: "open", Path: "/root/x.pcap", Err: syscall.EACCES})
	checkFault(t, err, fault.SourceUnreadable, "file /root/x.pcap: permission denied", "check the file's permissions")
}

func TestHeaderFaults(t *testing.T) {
	pcap := pcapOf(t, nil)
	ng := section(little, 1, 0)
	noMagic := bytes.Clone(ng)
	noMagic[8] = 0
	var lead [][]byte
	for range 1100 {
		lead = append(lead, block(little, 4, nil))
	}
	for _, tc := range []struct {
		name    string
		content []byte
		text    string
	}{
		{"empty", nil, "it is empty"},
		{"two bytes", pcap[:2], "is no pcap or pcapng file"},
		{"something else", []byte("PK\x03\x04 and more"), "is no pcap or pcapng file"},
		{"pcap header cut", pcap[:20], "file header: the file ends in the middle of it"},
		{"pcap version", pcapHeader(little, 0xa1b2c3d4, 3, 127), "has pcap version 2.3, 2.4 is supported"},
		{"pcapng header cut", ng[:20], "file header: block at byte 0: the file ends in the middle of it"},
		{"pcapng without byte order", noMagic, "file header: block at byte 0: its section header has no byte order"},
		{"pcapng version", section(big, 2, 1), "file header: block at byte 0: has pcapng version 2.1, 1.0 is supported"},
		{
			"short section", block(little, 0x0a0d0d0a, little.AppendUint32(nil, 0x1a2b3c4d)),
			"file header: block at byte 0: its section header has 16 bytes",
		},
		{
			"frame before interface", join(ng, enhanced(little, 0, 0, "x")),
			"file header: block at byte 28: it comes from interface 0, and 0 are described",
		},
		{
			"simple frame before interface", join(ng, block(little, 3, make([]byte, 4))),
			"file header: block at byte 28: it comes before any interface is described",
		},
		{"short interface", join(ng, block(little, 1, make([]byte, 4))), "file header: block at byte 28: its interface description has 16 bytes"},
		{"huge interface", join(ng, block(little, 1, make([]byte, 70_000))), "file header: block at byte 28: its interface description has 70012 bytes"},
		{"resolution", join(ng, iface(little, 127, 0, option(little, 9, 29))), "file header: block at byte 28: its interface's time resolution 0x1d is out of range"},
		{"binary resolution", join(ng, iface(little, 127, 0, option(little, 9, 0xc0))), "file header: block at byte 28: its interface's time resolution 0xc0 is out of range"},
		{"length of resolution", join(ng, iface(little, 127, 0, option(little, 9, 6, 0))), "file header: block at byte 28: option 9 of its interface description has 2 bytes"},
		{
			"offset", join(ng, iface(little, 127, 0, option(little, 14, 0, 0, 0, 0, 0, 0, 0, 0x80))),
			"file header: block at byte 28: its interface's time offset of -9223372036854775808 s is out of range",
		},
		{"option length", join(ng, iface(little, 127, 0, []byte{2, 0, 9, 0})), "file header: block at byte 28: option 2 of its interface description claims 9 bytes"},
		{"no interface", join(ng, join(lead...)), "no interface is described in the first 1024 blocks"},
		{"gzip header cut", gzipped(t, pcap)[:5], "the compressed data end in the middle"},
		{"gzip of nothing", gzipped(t, nil), "it is empty"},
		{"gzip of something else", gzipped(t, []byte("notes")), "is no pcap or pcapng file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := pcapfile.NewReader("x.pcap", bytes.NewReader(tc.content), pcapfile.Options{})
			if r != nil {
				t.Error("error and reader")
			}
			checkFault(t, err, fault.SourceCorrupt, "file x.pcap: "+tc.text, adviceCapture)
		})
	}
}

// Two good frames, then damage: the frames come first, then its place and kind.
func TestDamage(t *testing.T) {
	frames := someFrames(2)
	pcap := pcapOf(t, frames)
	ng := join(section(little, 1, 0), iface(little, 127, 0, option(little, 9, 9)))
	for _, f := range frames {
		ng = append(ng, block(little, 6, enhancedBody(little, 0, uint64(f.TimeNs), uint32(len(f.Data)), f.OrigLen, f.Data))...)
	}
	zip := gzipped(t, pcap)
	wrongSum := bytes.Clone(zip)
	wrongSum[len(wrongSum)-6] ^= 1
	unlike := enhanced(little, 0, 0, "xxxx")
	unlike[len(unlike)-4]++
	long := strings.Repeat("l", 100_000)
	for _, tc := range []struct {
		name    string
		content []byte
		more    int // frames behind the two
		text    string
	}{
		{"pcap: header cut", append(bytes.Clone(pcap), "123"...), 0, "frame 3 at byte %d: the file ends in the middle of it"},
		{"pcap: no data", join(pcap, pcapRecord(little, 0, 0, 5, 5, "")), 0, "frame 3 at byte %d: the file ends in the middle of it"},
		{"pcap: zeros, as a power cut leaves them", join(pcap, make([]byte, 4096)), 0, "frame 3 at byte %d: its header is all zeros"},
		{
			"pcap: 4 GiB", join(pcap, pcapRecord(little, 0, 0, 1<<32-1, 1<<32-1, "")), 0,
			"frame 3 at byte %d: its header claims 4294967295 bytes, 262144 are the most",
		},
		{
			"pcap: the part of a frame that nobody needs is cut", join(pcap, pcapRecord(little, 0, 0, 100_000, 100_000, long[:99_999])), 1,
			"frame 4 at byte 100434: the file ends in the middle of it",
		},
		{"pcapng: header cut", append(bytes.Clone(ng), "123"...), 0, "frame 3 at byte %d: the file ends in the middle of it"},
		{"pcapng: block cut", join(ng, enhanced(little, 0, 0, "x")[:30]), 0, "frame 3 at byte %d: the file ends in the middle of it"},
		{"pcapng: 4 GiB", join(ng, []byte{6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff}, make([]byte, 100)), 0, "frame 3 at byte %d: its block claims 4294967292 bytes"},
		{"pcapng: no length", join(ng, make([]byte, 100)), 0, "frame 3 at byte %d: its block claims 0 bytes"},
		{"pcapng: odd length", join(ng, []byte{6, 0, 0, 0, 33, 0, 0, 0}, make([]byte, 100)), 0, "frame 3 at byte %d: its block claims 33 bytes"},
		{"pcapng: lengths differ", join(ng, unlike), 0, "frame 3 at byte %d: its block claims 36 bytes in front and 37 behind"},
		{"pcapng: interface", join(ng, enhanced(little, 1, 0, "x")), 0, "frame 3 at byte %d: it comes from interface 1, and 1 are described"},
		{"pcapng: interface beyond int32", join(ng, enhanced(little, 1<<31, 0, "x")), 0, "frame 3 at byte %d: it comes from interface 2147483648, and 1 are described"},
		{"pcapng: captured length", join(ng, block(little, 6, enhancedBody(little, 0, 0, 5, 5, "four"))), 0, "frame 3 at byte %d: it claims 5 bytes in a block of 36"},
		{
			"pcapng: captured length beyond int32", join(ng, block(little, 6, enhancedBody(little, 0, 0, 1<<31, 5, "four"))), 0,
			"frame 3 at byte %d: it claims 2147483648 bytes in a block of 36",
		},
		{"pcapng: short frame", join(ng, block(little, 6, make([]byte, 16))), 0, "frame 3 at byte %d: its block has only 28 bytes"},
		{"pcapng: short simple frame", join(ng, block(little, 3, nil)), 0, "frame 3 at byte %d: its block has only 12 bytes"},
		{"pcapng: time", join(ng, enhanced(little, 0, 1<<63, "x")), 0, "frame 3 at byte %d: its time is not between the years 1970 and 2262"},
		{"pcapng: section", join(ng, section(little, 7, 0)), 0, "frame 3 at byte %d: has pcapng version 7.0, 1.0 is supported"},
		{"gzip: cut", zip[:len(zip)-3], 0, "frame 3 at byte 419: the compressed data end in the middle"},
		{"gzip: checksum", wrongSum, 0, "frame 3 at byte 419: the compressed data are damaged: gzip: invalid checksum"},
		{
			"gzip: something behind", append(bytes.Clone(zip), "trailer of more than ten bytes"...), 0,
			"frame 3 at byte 419: the compressed data are damaged: gzip: invalid header",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := readAll(t, newReader(t, tc.content, pcapfile.Options{}))
			if len(got) != 2+tc.more {
				t.Fatalf("%d frames before %v, want %d", len(got), err, 2+tc.more)
			}
			if diff := cmp.Diff(frames, got[:2]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			text := tc.text
			if strings.Contains(text, "%d") {
				at := len(pcap)
				if strings.HasPrefix(tc.name, "pcapng") {
					at = len(ng)
				}
				text = fmt.Sprintf(text, at)
			}
			checkFault(t, err, fault.SourceCorrupt, "file test.pcap: "+text, adviceDamage)
		})
	}
}

// However a file is cut, all whole frames come, and the end is clean only
// where a frame ends.
func TestEveryCut(t *testing.T) {
	want := someFrames(3)
	for name, content := range map[string][]byte{"pcap": pcapOf(t, want), "pcapng": pcapngOf(t, want)} {
		clean := 0
		for n := range len(content) {
			r, err := pcapfile.NewReader(name, bytes.NewReader(content[:n]), pcapfile.Options{})
			if err != nil {
				if fault.CodeOf(err) != fault.SourceCorrupt {
					t.Fatalf("%s cut at %d: %v", name, n, err)
				}
				continue
			}
			got, err := readAll(t, r)
			if len(got) > 0 && !cmp.Equal(want[:len(got)], got) {
				t.Fatalf("%s cut at %d: other frames", name, n)
			}
			if err == nil {
				clean++
			} else if fault.CodeOf(err) != fault.SourceCorrupt {
				t.Fatalf("%s cut at %d: %v", name, n, err)
			}
		}
		// Behind the header and each frame but the last; a section alone is
		// whole as well.
		if most := 1 + len(want); clean < len(want) || clean > most {
			t.Errorf("%s: %d clean ends among all cuts, want about %d", name, clean, len(want))
		}
	}
}

// A disk that fails is no damaged file.
func TestReadError(t *testing.T) {
	pcap := pcapOf(t, someFrames(2))
	broken := &fs.PathError{Op: "read", Path: "test.pcap", Err: syscall.EIO}
	zip := gzipped(t, pcap)
	for name, content := range map[string][]byte{"pcap": pcap, "gzip": zip[:len(zip)-3]} {
		r, err := pcapfile.NewReader("test.pcap", &failing{content: content, err: broken}, pcapfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, r)
		if len(got) != 2 || !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %d frames, and %v does not wrap its cause", name, len(got), err)
		}
		checkFault(t, err, fault.SourceUnreadable, "file test.pcap: frame 3 at byte 419: input/output error",
			"check the disk that holds the file: everything before the error was sent")
	}
	_, err := pcapfile.NewReader("test.pcap", &failing{content: pcap[:10], err: broken}, pcapfile.Options{})
	checkFault(t, err, fault.SourceUnreadable, "file test.pcap: input/output error", "check the file's permissions")
}

// failing is a reader that breaks behind its content.
type failing struct {
	content []byte
	err     error
}

func (f *failing) Read(p []byte) (int, error) {
	if len(f.content) == 0 {
		return 0, f.err
	}
	n := copy(p, f.content)
	f.content = f.content[n:]
	return n, nil
}
