package actors

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

// Without any server, what is heard is written, each frame with its place.
func TestARecordingNeedsNoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		world := newFakeWorld(2412)
		world.machine = machine
		d := &driven{machine: machine, radio: world.plug("wlan0")}
		dir := t.TempDir()
		d.testRig = startRigTo(t, world, world.watch, nil, nil, configs.Config{
			Rig: "van", Sources: []configs.Source{radioOf(t, "wlan0")}, GPS: gpsOf("puck"),
			Record: configs.Record{Dir: dir, SizeBytes: 128 << 10, SyncEvery: time.Second},
		})
		elapse(3 * time.Minute)
		if st := d.Status(); st.Record == nil || st.Record.Frames < 3500 || st.Record.Dropped != 0 || st.Record.Err != nil || st.Sources[0].Frames.MemBytes > 1<<20 {
			t.Errorf("while it records: %+v, %+v", st.Record, st.Sources[0].Frames)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := d.Stop(ctx); err != nil {
			t.Fatalf("it stops with %v\n%s", err, d.log)
		}

		files, err := filepath.Glob(filepath.Join(dir, "van-*.pcapng"))
		if err != nil || len(files) < 5 {
			t.Fatalf("files %q, %v", files, err)
		}
		next, placed := 0, 0
		for _, name := range files { // their names are in order of time
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			err = export.ReadPcapNG(f, func(l *frames.Located) error {
				n := heardNumber(l.Frame.Data)
				if n != next {
					t.Fatalf("frame %d comes where %d was to come", n, next)
				}
				next++
				boot := int64(time.Hour) + int64(n+1)*int64(d.radio.every)
				if diff := l.TimeNs - machine.utc(boot); diff < -1000 || diff > 1000 {
					t.Fatalf("frame %d has a time %v off", n, time.Duration(diff))
				}
				if l.HasPosition {
					placed++
					if off := machine.off(boot, l.Position.Lat, l.Position.Lon); off > 1.5 {
						t.Fatalf("frame %d is %.1f m off", n, off)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if heard := int(d.radio.next.Load()); next < heard-1 || placed < next*9/10 {
			t.Errorf("%d frames of %d are recorded, %d with a place", next, heard, placed)
		}
	})
}
