package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// replayed runs `sensord gps --replay` with a log as standard input.
func replayed(log string, flags ...string) (status int, out, errs string) {
	var outBuf, errBuf bytes.Buffer
	status = run(append([]string{"sensord", "gps", "--replay", "-"}, flags...), strings.NewReader(log), &outBuf, &errBuf)
	return status, outBuf.String(), errBuf.String()
}

// Each golden file has the flags in its first line, then a log, then what is
// printed for it.
func TestReplayedLogs(t *testing.T) {
	eachGolden(t, "testdata/gps/*.view", func(t *testing.T, file, input string) {
		flags, log, _ := strings.Cut(input, "\n")
		status, out, errs := replayed(log, strings.Fields(flags)...)
		golden(t, file, fmt.Sprintf("exit %d\n-- out --\n%s-- err --\n%s", status, out, errs))
	})
}

// A day on which no log can begin is refused: it would not be used.
func TestRefusesStartDates(t *testing.T) {
	const outside = "it is not between 1980-01-01 and 2200-12-31"
	for date, want := range map[string]string{
		"1969-12-31": outside, "0001-01-01": outside, "9999-12-31": outside, "1979-12-31": outside, "2201-01-01": outside,
		"27.3.2026": "it is no date",
	} {
		status, out, errs := replayed(sentence("GPGGA,100000.00,5231.0000,N,01322.6620,E,1,09,0.9,35.1,M,39.8,M,,"), "--start-date", date)
		if want = "sensord: --start-date " + date + ": " + want + "\n  write the day on which the log begins, as 2026-03-27\n"; status != 2 || out != "" || errs != want {
			t.Errorf("%s: exit %d, %q, %q, want %q", date, status, out, errs, want)
		}
	}
}

// sentence is a line of NMEA, and an expectation of its own of what stands in it:
// degrees are put into ddmm.mmmm with integers only.
func sentence(body string) string {
	sum := byte(0)
	for _, c := range []byte(body) {
		sum ^= c
	}
	return fmt.Sprintf("$%s*%02X\r\n", body, sum)
}

// drivenLog is a drive to the north along 13.3777 E, a fix each second, 7.5/10000
// of a minute of arc apart: 13.9 m, so 50 km/h. The epoch jump, if there is one,
// stands a fifth of a minute of arc farther north, 370 m.
func drivenLog(epochs, jump int) string {
	var b strings.Builder
	for i := range epochs {
		minutes := 309762 + 75*i // ten thousandths
		if i == jump {
			minutes += 2000
		}
		at, lat := fmt.Sprintf("1000%02d.00", i), fmt.Sprintf("52%02d.%04d", minutes/10000, minutes%10000)
		b.WriteString(sentence("GNRMC," + at + ",A," + lat + ",N,01322.6620,E,27.00,0.00,270326,,,A"))
		b.WriteString(sentence("GNGGA," + at + "," + lat + ",N,01322.6620,E,1,09,0.9,35.1,M,39.8,M,,"))
		b.WriteString(sentence("GNGST," + at + ",1.5,1.2,1.0,45.0,1.1,1.0,2.0"))
	}
	return b.String()
}

// objects reads what --json printed.
func objects[T any](t *testing.T, out string) []T {
	t.Helper()
	var list []T
	for line := range strings.Lines(out) {
		var v T
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, v)
	}
	return list
}

func about(got *float64, want, most float64) bool { return got != nil && math.Abs(*got-want) <= most }

func TestReplayedNumbersAreThoseOfTheSentences(t *testing.T) {
	status, out, errs := replayed(drivenLog(20, -1), "--json")
	list := objects[gpsEpoch](t, out)
	if status != 0 || errs != "" || len(list) != 20 {
		t.Fatalf("exit %d, %d epochs\n%s%s", status, len(list), out, errs)
	}
	for i, e := range list {
		lat := 52 + float64(309762+75*i)/600_000
		if e.Mode != 3 || e.Time != fmt.Sprintf("2026-03-27T10:00:%02d.000Z", i) ||
			!about(e.Lat, lat, 1e-8) || !about(e.Lon, 13.3777, 1e-8) || !about(e.AltMSL, 35.1, 1e-9) || !about(e.AltHAE, 74.9, 1e-9) ||
			!about(e.SpeedKMH, 27*1.852, 1e-6) || !about(e.Track, 0, 0) ||
			// The ellipse is 1.2 by 1.0 m, one sigma: 95 % of a circle of 1.0 are within 2.45 m, of one of 1.2 within 2.94 m.
			e.AccuracyOrigin != "gst" || !about(e.Accuracy, 2.7, 0.25) {
			t.Errorf("epoch %d, want %.8f N: %+v", i, lat, e)
		}
	}
}

func TestReplayedLogIsFused(t *testing.T) {
	const jump = 12
	status, out, errs := replayed(drivenLog(20, jump), "--json", "--fused")
	list := objects[gpsEpoch](t, out)
	if status != 0 || errs != "" || len(list) != 20 {
		t.Fatalf("exit %d, %d epochs\n%s%s", status, len(list), out, errs)
	}
	for i, e := range list {
		f := e.Fused
		if f == nil {
			t.Fatalf("epoch %d is not fused: %+v", i, e)
		}
		const metre = 1 / 111_195.0 // of latitude, in degrees
		if lat := 52 + float64(309762+75*i)/600_000; !about(f.Lat, lat, 3*metre) || !about(f.Lon, 13.3777, 3*metre) || !about(f.SpeedKMH, 50, 1) ||
			!about(f.Accuracy, 3, 3) || (f.Rejected != "") != (i == jump) {
			t.Errorf("epoch %d, want %.8f N: %s", i, lat, out)
		}
	}
	_, table, _ := replayed(drivenLog(20, jump), "--fused")
	if n := strings.Count(table, "\n  fused "); n != 20 || strings.Count(table, "\n  not believed: ") != 1 {
		t.Errorf("%d lines of fusion in\n%s", n, table)
	}
}

func TestTableOfALog(t *testing.T) {
	for line := range strings.Lines(func() string { _, out, _ := replayed(drivenLog(3, -1), "--fused"); return out }()) {
		if len(line) > 81 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
}

// What could be read comes first, then what is wrong.
func TestReplayOfACutLog(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	log := drivenLog(60, -1)
	for part := range strings.SplitSeq(log, "$GNGST") { // in blocks, of which most are whole
		_, _ = z.Write([]byte(part))
		_ = z.Flush()
	}
	_ = z.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "cut.nmea.gz")
	writeFile(t, file, packed.Bytes()[:packed.Len()/2])
	status, out, errs := sensord(t, "gps", "--replay", file, "--json")
	if n := len(objects[gpsEpoch](t, out)); status != 7 || n < 10 || n > 50 {
		t.Errorf("exit %d, %d epochs\n%s", status, n, errs)
	}
	if !strings.Contains(errs, "sensord: replay "+file+": after line ") || !strings.Contains(errs, "it is cut off there\n") {
		t.Errorf("messages:\n%s", errs)
	}
}

func TestReplayOfWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "empty.nmea"), nil)
	for file, want := range map[string]string{
		filepath.Join(dir, "empty.nmea"): "it is empty", filepath.Join(dir, "none.nmea"): "no such file or directory", dir: "it is a directory",
	} {
		status, out, errs := sensord(t, "gps", "--replay", file)
		if status != 7 || out != "" || !strings.HasPrefix(errs, "sensord: replay "+file+": "+want+"\n  ") {
			t.Errorf("exit %d, output %q, messages\n%s", status, out, errs)
		}
	}
}

// full is where nothing can be written to.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestReplayEndsWhenNobodyReads(t *testing.T) {
	for _, flags := range [][]string{{"--json"}, nil} {
		var errs strings.Builder
		args := append([]string{"sensord", "gps", "--replay", "-"}, flags...)
		gone := &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
		if status := run(args, strings.NewReader(drivenLog(3, -1)), full{gone}, &errs); status != 0 || errs.Len() > 0 {
			t.Errorf("exit %d, %q", status, errs.String())
		}
		errs.Reset()
		if status := run(args, strings.NewReader(drivenLog(3, -1)), full{errors.New("no space left on device")}, &errs); status != 1 || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("exit %d, %q", status, errs.String())
		}
	}
	// As `sensord gps --replay - --json | head -0`.
	cmd := process(t, "gps", "--replay", "-", "--json")
	cmd.Stdin = strings.NewReader(drivenLog(60, -1))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	_ = out.Close()
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Errorf("%v\n%s", err, errs.String())
	}
}
