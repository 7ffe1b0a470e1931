package export_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

// someBeacons is a recording of n beacons with numbers, and where each block
// ends.
func someBeacons(t testing.TB, n int) (content []byte, ends []int) {
	t.Helper()
	var b bytes.Buffer
	w := export.NewPcapNG(&b, options())
	own := batch(0, n)
	defer own.Release()
	for i := range n {
		f := own.Frame(i)
		at := frames.Located{Source: roof, Frame: f, TimeNs: f.TimeNs}
		at.Position, at.HasPosition = someFrames()[0].Position, i%2 == 0
		if err := w.Write(&at); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, b.Len())
	}
	return b.Bytes(), ends
}

type outcome struct {
	Frames uint64
	Lost   int64
	Err    string
}

// repair repairs content and returns what became of it.
func repair(t testing.TB, content []byte) (outcome, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n, size, lost, err := export.Repair(file)
	if err != nil {
		return outcome{Err: err.Error()}, nil
	}
	repaired, err := os.ReadFile(path)
	if err != nil || n > 0 && int64(len(repaired)) != size {
		t.Fatalf("%d bytes, said to be %d: %v", len(repaired), size, err)
	}
	return outcome{Frames: n, Lost: lost}, repaired
}

func TestRepairKeepsWholeFramesWhereverTheFileIsCut(t *testing.T) {
	content, ends := someBeacons(t, 8)
	for cut := range len(content) + 1 {
		for name, tail := range map[string][]byte{"": nil, " with zeros": make([]byte, 3000), " with ones": bytes.Repeat([]byte{1}, 100)} {
			damaged := append(bytes.Clone(content[:cut]), tail...)
			want := 0 // a block that ends with zeros may be whole again by those behind
			for want < len(ends) && len(damaged) >= ends[want] && bytes.Equal(damaged[:ends[want]], content[:ends[want]]) {
				want++
			}
			got, repaired := repair(t, damaged)
			if want == 0 {
				if got.Frames != 0 {
					t.Fatalf("cut at %d%s: %+v", cut, name, got)
				}
				continue
			}
			all, err := read(t, bytes.NewReader(repaired))
			if diff := cmp.Diff(upTo(want), numbers(all)); err != nil || diff != "" || got.Frames != uint64(want) {
				t.Fatalf("cut at %d%s: %+v, %v (-want +got):\n%s", cut, name, got, err, diff)
			}
		}
	}
}

func TestRepairCoversDamageInTheMiddle(t *testing.T) {
	content, ends := someBeacons(t, 8)
	for name, c := range map[string]struct {
		from, to int
		with     byte
		want     []int
	}{
		"a type":         {ends[1], ends[1] + 1, 0xff, []int{0, 1, 3, 4, 5, 6, 7}},
		"a length":       {ends[1] + 4, ends[1] + 8, 0xff, []int{0, 1, 3, 4, 5, 6, 7}},
		"zeros":          {ends[2] + 20, ends[4] + 7, 0, []int{0, 1, 2, 6, 7}},
		"a second one":   {ends[6] - 4, ends[6], 7, []int{0, 1, 2, 3, 4, 5, 7}},
		"the last one":   {ends[6] + 4, ends[7], 9, []int{0, 1, 2, 3, 4, 5, 6}},
		"data, unharmed": {ends[3] + 28 + 44, ends[3] + 28 + 46, 3, []int{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := bytes.Clone(content)
			for i := c.from; i < c.to; i++ {
				damaged[i] = c.with
			}
			got, repaired := repair(t, damaged)
			all, err := read(t, bytes.NewReader(repaired))
			if diff := cmp.Diff(c.want, numbers(all)); err != nil || diff != "" || got.Frames != uint64(len(c.want)) {
				t.Fatalf("%+v, %v (-want +got):\n%s", got, err, diff)
			}
			path := filepath.Join(t.TempDir(), "x.pcapng")
			if err := os.WriteFile(path, repaired, 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "capinfos", path)
			if again, _ := repair(t, repaired); again.Lost != 0 || again.Frames != got.Frames {
				t.Errorf("a second time: %+v", again)
			}
		})
	}
}

// A hole of zeros that is longer than a reader takes for a block.
func TestRepairCoversALargeHole(t *testing.T) {
	content, ends := someBeacons(t, 8)
	const hole = 20<<20 + 4
	damaged := bytes.Join([][]byte{content[:ends[3]], make([]byte, hole), content[ends[3]:]}, nil)
	got, repaired := repair(t, damaged)
	all, err := read(t, bytes.NewReader(repaired))
	if diff := cmp.Diff(upTo(8), numbers(all)); err != nil || diff != "" || got.Lost != hole {
		t.Errorf("%+v, %v (-want +got):\n%s", got, err, diff)
	}
}

func TestRepairRefusesWhatIsNoRecording(t *testing.T) {
	big := append(foreign(binaryBig, "x"), make([]byte, 70<<10)...)
	for name, c := range map[string]struct {
		content []byte
		want    outcome
	}{
		"empty":       {nil, outcome{}},
		"only zeros":  {make([]byte, 4096), outcome{}},
		"a text":      {[]byte("dear diary, today was a day"), outcome{Err: "it does not begin as a recording does"}},
		"big endian":  {big, outcome{Err: "it does not begin as a recording does"}},
		"zeros, long": {make([]byte, 100<<10), outcome{Err: "it does not begin as a recording does"}},
	} {
		got, _ := repair(t, c.content)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Whatever a file holds, what is made of it is whole and has as many frames as
// is said.
func FuzzRepair(f *testing.F) {
	content, ends := someBeacons(f, 6)
	f.Add(content)
	f.Add(content[:ends[3]+17])
	for _, at := range []int{ends[0], ends[1] + 4, ends[2] + 60} {
		damaged := bytes.Clone(content)
		copy(damaged[at:], make([]byte, 30))
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, repaired := repair(t, content)
		if got.Err != "" || got.Frames == 0 {
			return
		}
		all, err := read(t, bytes.NewReader(repaired))
		if err != nil || uint64(len(all)) != got.Frames {
			t.Errorf("%+v, and %d frames are read: %v", got, len(all), err)
		}
	})
}
