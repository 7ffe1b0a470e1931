package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var checksums = regexp.MustCompile(`\*[0-9A-F]{2}\r\n`)

// cutGzip packs a text and loses the end of it.
func cutGzip(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text))
	_ = z.Flush()
	whole := packed.Len()
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return packed.Bytes()[:whole]
}

func TestCheckOfALog(t *testing.T) {
	machine(t, 3)
	undated := func(second string) string {
		return nmea("GPGGA,1235" + second + ",4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
	}
	indoors := func(second string) string { return nmea("GPGGA,1235" + second + ",,,,,0,00,,,M,,M,,") }
	for name, text := range map[string]string{
		"drive.nmea": epoch(19) + epoch(20), "undated.nmea": undated("19") + undated("20"), "indoors.nmea": indoors("19") + indoors("20"),
		"both.log":   epoch(19) + epoch(20) + `{"class":"TPV","mode":3,"time":"2026-05-17T12:35:21Z","lat":48.1,"lon":11.5}` + "\n",
		"empty.nmea": "", "bare.nmea": checksums.ReplaceAllString(epoch(19)+epoch(20), "\r\n"), "cut.nmea.gz": string(cutGzip(t, epoch(19)+epoch(20)+epoch(21))),
	} {
		writeFile(t, name, []byte(text))
	}
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	s := server(t, nil)
	for _, tt := range []struct {
		spec   string
		status int
		want   []string
	}{
		{"file=drive.nmea", 0, []string{"ok    receiver", "replay drive.nmea: the first fix is of 2026-05-17T12:35:19Z, the last of 2026-05-17T12:35:20Z\n"}},
		{"file=drive.nmea,realtime=true", 0, []string{"ok    receiver", "replay drive.nmea: it has fixes"}},
		{"file=both.log", 0, []string{"ok    receiver", "the last of 2026-05-17T12:35:20Z; it has both sentences and gpsd's reports; left out: 1 position in gpsd's reports\n"}},
		{"file=undated.nmea,start_date=2026-05-17", 0, []string{"the first fix is of 2026-05-17T12:35:19Z"}},
		{"file=undated.nmea", 7, []string{"FAIL  receiver", "replay undated.nmea: its fixes have no date\n", "start_date=YYYY-MM-DD with --gps"}},
		{"file=undated.nmea,realtime=true", 0, []string{"ok    receiver"}},
		{"file=bare.nmea", 7, []string{"FAIL  receiver", "6 with a wrong or no checksum", "take them with checksum: optional (checksum=optional with --gps)"}},
		{"file=bare.nmea,checksum=optional", 0, []string{"ok    receiver", "the last of 2026-05-17T12:35:20Z\n"}},
		{"file=cut.nmea.gz", 0, []string{"warn  receiver", "it is cut off there; what stands before that counts\n"}},
		{"file=pipe", 7, []string{"FAIL  receiver", "replay pipe: it is no regular file\n", "write it into a file first"}},
		{"file=pipe,realtime=true", 0, []string{"ok    receiver", "replay pipe is no regular file, so it was not opened: what is read from a pipe is gone\n"}},
		{"file=.", 7, []string{"replay .: it is a directory\n"}},
		{"file=indoors.nmea", 7, []string{"replay indoors.nmea: it holds no fix\n"}},
		{"file=empty.nmea", 7, []string{"FAIL  receiver"}},
		{"file=walk.pcap", 7, []string{"FAIL  receiver"}},
		{"file=none.nmea", 7, []string{"replay none.nmea: no such file or directory\n", "check the path"}},
	} {
		status, out, _ := sensord(t, "check", "--connect", s.Addr, "--apikey", datasourceKey, "--source", "walk.pcap", "--gps", "replay:"+tt.spec)
		if status != tt.status {
			t.Errorf("%s: exit %d", tt.spec, status)
		}
		for _, part := range tt.want {
			if !strings.Contains(out, part) {
				t.Errorf("%s: no %q in\n%s", tt.spec, part, out)
			}
		}
	}
}

// walk.pcap begins on 2023-11-14, at 22:13:20.
func TestCheckOfALogOfAnotherTime(t *testing.T) {
	machine(t, 3)
	s := server(t, nil)
	at := func(clock, date string) string {
		return nmea("GPRMC," + clock + ",A,4807.038,N,01131.000,E,022.4,084.4," + date + ",003.1,W")
	}
	const begins = "walk.pcap begins at 2023-11-14T22:13:20Z, and replay drive.nmea is of "
	for _, tt := range []struct{ name, log, want string }{
		{"around it", at("221310", "141123") + at("221330", "141123"), ""},
		{"ends a second before", at("221310", "141123") + at("221319", "141123"), ""}, // positions are predicted
		{"a day before", at("221310", "131123") + at("221330", "131123"), begins + "2023-11-13T22:13:10Z to 2023-11-13T22:13:30Z: none of its frames gets a position from that\n"},
		{"begins after it", at("221321", "141123") + at("221330", "141123"), begins + "2023-11-14T22:13:21Z to 2023-11-14T22:13:30Z: its frames before that get no position from it\n"},
	} {
		writeFile(t, "drive.nmea", []byte(tt.log))
		status, out, _ := sensord(t, "check", "--connect", s.Addr, "--apikey", datasourceKey, "--source", "walk.pcap", "--gps", "replay:file=drive.nmea")
		if status != 0 || !strings.Contains(out, "ok    receiver") || strings.Contains(out, "walk.pcap begins") != (tt.want != "") || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit %d\n%s", tt.name, status, out)
		}
	}
}

// A file on a mount that is stuck does not keep a check from ending.
func TestCheckLeavesWhatIsStuck(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	began := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	_, err := patiently(ctx, func() int {
		close(began)
		<-stuck
		return 1
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := patiently(ctx, func() int { panic("nobody waits for it") }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n, err := patiently(t.Context(), func() int { return 7 }); n != 7 || err != nil {
		t.Error(n, err)
	}
}
