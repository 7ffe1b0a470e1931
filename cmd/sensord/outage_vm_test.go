//go:build vm && linux

package main_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismettest"
)

var (
	outageTime = flag.Duration("outage", 20*time.Second, "how long the server is away in TestVMOutage")
	outageRate = flag.Int("outage-rate", 200, "frames a second in TestVMOutage")
)

// diskFull is for how long the disk is full at most: memory, in which frames wait
// then, holds half a minute of 1 000 frames a second.
const diskFull = 20 * time.Second

// TestVMOutage has the server go away while a radio hears a busy channel and the
// machine moves. Meanwhile the disk runs full for a while, the clock is set, and
// sensord is killed and starts again. When the server is back it gets every
// frame that sensord was there to hear but those of the last second before it
// was killed: in order, with the place and the true time of its hearing.
func TestVMOutage(t *testing.T) {
	clock := newBoottime(t)
	truth := func() time.Time { return time.Unix(0, clock.offsetNs+boottimeNs(t)) }
	r := vmtest.NewRadio(t, vmtest.RadioOptions{})
	config := unhurried()
	config.APIKeys = map[string]string{keyDatasource: kismettest.RoleDatasource}
	srv := serve(t, config)
	key := write(t, t.TempDir(), "key", keyDatasource+"\n")
	disk := smallDisk(t)
	run := invocation{
		args: []string{
			"--connect", srv.Addr, "--state-dir", t.TempDir(), "--spool", filepath.Join(disk, "spool"), "--log-format", "text",
			"--source", r.Interface + ":channel=6,channel_hop=false", "--gps", "udp:port=10110,name=puck",
		},
		env: []string{"SENSORD_APIKEY_FILE=" + key},
	}
	p := installed().start(t, run)
	uuid := uuidOf(r)
	opened(t, srv, uuid)
	way := newEastward(truth)
	defer way.feed(t, "10110")()
	until(t, srv, uuid, "the server keeps the sensor's times", func(src kismettest.Source) bool { return src.Options["timestamp"] == "false" })
	air := startSender(t, *outageRate)
	until(t, srv, uuid, "frames have a place", func(kismettest.Source) bool { return placed(srv, uuid) >= 100 })

	if err := srv.Refuse(true); err != nil {
		t.Fatal(err)
	}
	srv.Reset(uuid)
	part := *outageTime / 5
	var memory []int
	pass := func(what string, d time.Duration) {
		t.Logf("%s; %d frames are sent", what, air.count())
		wait(d)
		memory = append(memory, residentKiB(t, p.Process.Pid))
	}
	pass("the server is away", part)
	full := fill(t, disk)
	pass("the disk is full", min(part, diskFull))
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	p.await(t, "no space left") // it was said
	pass("the disk has room again", part)
	step(t, 2*time.Hour)
	pass("the clock was set", part)
	killed := air.count()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.done
	p = installed().start(t, run)
	p.await(t, "capture open")
	again := air.count()
	pass("sensord was killed and runs again", part)
	if err := srv.Refuse(false); err != nil {
		t.Fatal(err)
	}
	last := air.count()
	began := time.Now()
	awaitNumber(t, srv, uuid, last)
	t.Logf("everything was there %v after the server was back; resident memory %v KiB", time.Since(began).Round(time.Millisecond), memory)
	sent := air.stop()
	p.finish(t)

	o := outage{clock: clock, way: way, sent: sent, killed: killed, again: again, last: last}
	o.check(t, srv.Frames(uuid))
	if most := slices.Max(memory); most > 64<<10 {
		t.Errorf("%d KiB of memory", most)
	}
}

// An outage is what a server's frames are checked against.
type outage struct {
	clock               boottime
	way                 eastward
	sent                []airtime
	killed, again, last int // numbers when sensord was killed, captured again, and the server was back
}

func (o *outage) check(t *testing.T, all []kismettest.Frame) {
	t.Helper()
	seen := make([]bool, len(o.sent))
	next, twice, places, frames := 0, 0, 0, 0
	var worst float64
	var late time.Duration
	for _, f := range all {
		n, ok := sentNumber(f)
		if !ok {
			continue
		}
		frames++
		if seen[n] {
			twice++
			continue
		}
		if n < next {
			t.Fatalf("frame %d came behind %d", n, next-1)
		}
		seen[n], next = true, n+1
		at := heardAt(f)
		ns := at.UnixNano() - o.clock.offsetNs
		off := time.Duration(max(o.sent[n].from-ns, ns-o.sent[n].to, 0))
		late = max(late, off)
		if off > 300*time.Millisecond {
			t.Fatalf("frame %d has a time %v off", n, off)
		}
		if f.GPS != nil {
			places++
			metres := math.Hypot((f.GPS.Lon-o.way.lon(at))*metresDegree, (f.GPS.Lat-driveLat)*111_264.9)
			worst = max(worst, metres)
		}
	}
	second := *outageRate
	var missing []string
	for n := slices.Index(seen, true); n < o.last; n++ {
		if seen[n] || n >= o.killed-second && n < o.again+second {
			continue
		}
		missing = append(missing, fmt.Sprint(n))
	}
	unheard := 0
	for n := o.killed - second; n < o.again+second; n++ {
		if !seen[n] {
			unheard++
		}
	}
	t.Logf("%d frames arrived, %d twice; %d were lost around the kill at %d to %d; times within %v, %d places within %.2f m",
		frames, twice, unheard, o.killed, o.again, late, places, worst)
	if len(missing) > 0 {
		t.Errorf("%d frames are missing: %s", len(missing), strings.Join(missing[:min(20, len(missing))], " "))
	}
	if worst > 3 || places < frames*8/10 {
		t.Errorf("%d of %d frames have a place, the worst %.1f m off", places, frames, worst)
	}
}
