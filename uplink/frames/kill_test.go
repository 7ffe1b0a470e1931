package frames_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// childDir is the environment variable that makes this test binary the process
// that is killed.
const childDir = "SENSORD_TEST_SPOOL"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		captureInto(dir)
		return
	}
	os.Exit(m.Run())
}

// captureInto appends frames to a log until it is killed, and says which are
// safe on disk.
func captureInto(dir string) {
	rig, err := spool.Open(spool.Options{Dir: dir, SegmentBytes: 256 << 10, SyncEvery: 20 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	store, err := rig.Source(wlan, "roof", "linuxwifi", true)
	if err != nil {
		panic(err)
	}
	began := time.Now()
	log := frames.NewLog(frames.Options{MemoryBytes: 8 << 20, Now: func() int64 { return int64(time.Since(began)) + 1 }})
	log.Attach(store)
	go func() { _ = log.Spill(context.Background()) }()
	n := int(store.Recovered().Next)
	_, _ = fmt.Fprintln(os.Stdout, n)
	for range time.NewTicker(time.Millisecond).C {
		log.Append(batchOf(n, 32, 200))
		n += 32
		s := log.Stats()
		own := int(s.Waiting - s.Spilled)
		_, _ = fmt.Fprintln(os.Stdout, n-own) // every frame below is on disk
	}
}

func TestAProcessThatIsKilledLosesNothingThatWasOnDisk(t *testing.T) {
	dir := t.TempDir()
	want := map[int]bool{}
	for range 3 {
		from, to := killAfter(t, dir, 3000)
		for n := from; n < to; n++ {
			want[n] = true
		}
	}
	last := -1
	err := frames.ReadSpool(dir, wlan, func(f *frames.Located) error {
		n := int(binary.BigEndian.Uint64(f.Frame.Data))
		if n <= last {
			return fmt.Errorf("frame %d behind %d", n, last)
		}
		last = n
		delete(want, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(want) > 0 {
		t.Errorf("%d frames were on disk, and are lost", len(want))
	}
}

// killAfter starts the process and kills it when that many frames are on disk.
// It returns which were.
func killAfter(t *testing.T, dir string, frames int) (from, to int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	from = -1
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		switch {
		case err != nil: // cut by the end
		case from < 0:
			from = n
		default:
			to = n
		}
		if to > from+frames {
			_ = child.Process.Kill()
			break // a line that follows may be cut
		}
	}
	_ = child.Wait()
	if to <= from+frames {
		t.Fatalf("only the frames from %d to %d were written", from, to)
	}
	return from, to
}
