package actors

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/sensord/sensord/configs"
)

// A file is read faster than a disk writes: it waits, and nothing is left out.
func TestARecordingOfAFileHasAllOfIt(t *testing.T) {
	const head, some, times = 24, 10_000, 150
	path := writePcap(t, "a.pcap", some)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	long := append(content[:head:head], bytes.Repeat(content[head:], times)...)
	if err := os.WriteFile(path, long, 0o600); err != nil {
		t.Fatal(err)
	}
	r := startRigTo(t, nil, nil, nil, nil, configs.Config{
		Rig: "rover", Once: true, Servers: []configs.Server{}, Sources: []configs.Source{sourceOf(t, path)},
		Record: configs.Record{Dir: t.TempDir()},
	})
	if err := r.wait(t, time.Minute); err != nil {
		t.Errorf("it ended with %v\n%s", err, r.log)
	}
	if st := r.Status().Record; st == nil || st.Frames != some*times || st.Dropped != 0 {
		t.Errorf("%+v", st)
	}
}
