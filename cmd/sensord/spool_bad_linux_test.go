package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// makeLater lets a source's first segment be of a version that is not known yet:
// its number is the first of the payload of the first record.
func makeLater(t *testing.T, dir string, uuid capture.UUID) {
	t.Helper()
	const header = 80
	name := filepath.Join(dir, uuid.String(), "00000001.seg")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	le, sum := binary.LittleEndian, crc32.MakeTable(crc32.Castagnoli)
	le.PutUint16(b[header:], 2)
	le.PutUint32(b[12:], crc32.Checksum(b[header:header+int(le.Uint32(b[8:]))], sum))
	le.PutUint32(b[4:], crc32.Checksum(b[8:header], sum))
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

const laterText = "it is of version 2, and this sensord knows version 1"

// What is wrong with one source's directory is of no concern to the others.
func TestSpoolOfALaterVersionStandsForItself(t *testing.T) {
	dir := twoSources(t)
	makeLater(t, dir, sideUUID)
	side := sideUUID.String()
	for _, c := range []struct {
		args     []string
		status   int
		out, err string
	}{
		{[]string{"spool"}, 0, "roof", side + ": " + laterText},
		{[]string{"spool", "--json"}, 0, `"roof"`, side + ": " + laterText},
		{[]string{"spool", "show"}, 0, "20, which no server has confirmed", side + ": " + laterText},
		{[]string{"spool", "show", "roof"}, 0, "20, which no server has confirmed", ""},
		{[]string{"spool", "show", "side"}, fault.ExitUsage, "", laterText + "\n  use the sensord that wrote it, or empty it"},
		{[]string{"spool", "empty", "roof"}, fault.ExitUsage, "", "add --yes"},
	} {
		status, out, errs := sensord(t, append(c.args, "--spool", dir)...)
		if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.err) || (c.err == "") != (errs == "") {
			t.Errorf("%q: exit %d\n%s%s", c.args, status, out, errs)
		}
	}
	roofs := append(carried("roof", 0, 10), carried("roof", 20, 30)...)
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{"spool", "export", "roof", "--spool", dir}, 0},
		{[]string{"export", filepath.Join(dir, roofUUID.String())}, 0},
		{[]string{"spool", "export", "--spool", dir}, fault.ExitIncomplete},
		{[]string{"export", dir}, fault.ExitIncomplete},
	} {
		status, out, errs := sensord(t, c.args...)
		if diff := cmp.Diff(roofs, exported(t, out)); status != c.status || diff != "" || strings.Count(errs, laterText) != min(status, 1) {
			t.Errorf("%q: exit %d (-want +got):\n%s\n%s", c.args, status, diff, errs)
		}
	}
	if status, out, errs := sensord(t, "export", filepath.Join(dir, side)); status != fault.ExitIncomplete || out != "" || !strings.Contains(errs, laterText) {
		t.Errorf("side alone: exit %d\n%s%s", status, out, errs)
	}
	status, out, errs := sensord(t, "spool", "empty", side, "--yes", "--spool", dir)
	if status != 0 || !strings.HasPrefix(out, "deleted what could not be read, ") || !strings.HasSuffix(out, ", of side\n") || errs != "" {
		t.Errorf("empty side: exit %d\n%s%s", status, out, errs)
	}
	if status, out, errs := sensord(t, "spool", "--spool", dir); status != 0 || errs != "" || strings.Contains(out, "side") || !strings.Contains(out, "roof") {
		t.Errorf("behind it: exit %d\n%s%s", status, out, errs)
	}
}

// What cannot be read is emptied after a question, too.
func TestSpoolOfALaterVersionIsEmptiedAfterAQuestion(t *testing.T) {
	dir := twoSources(t)
	makeLater(t, dir, sideUUID)
	slave := typed(t, "y\n")
	var out bytes.Buffer
	if status := run([]string{"sensord", "spool", "empty", "--spool", dir}, slave, &out, slave); status != 0 {
		t.Errorf("exit %d\n%s", status, out.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// allowed gives a spool modes: of the directory of a source, and of its files.
func allowed(t *testing.T, dir string, uuid capture.UUID, of, files os.FileMode) {
	t.Helper()
	for _, p := range []string{dir, filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} { // a test's own, below the temporary one
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	source := filepath.Join(dir, uuid.String())
	entries, err := os.ReadDir(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		err = errors.Join(err, os.Chmod(filepath.Join(source, e.Name()), files))
	}
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.Chmod(source, of)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(source, 0o700) })
}

// Where only the right to do it is missing, that is what is said.
func TestSpoolOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("not root: the modes are of this user's own files")
	}
	dir := twoSources(t)
	for _, c := range []struct {
		name      string
		of, files os.FileMode
		list      string
		listErr   string
	}{
		{"readable", 0o555, 0o444, "waits for the next start", ""},
		{"not readable", 0, 0, "roof", sideUUID.String() + ": open: permission denied\n  check the directory's owner and mode"},
	} {
		t.Run(c.name, func(t *testing.T) {
			allowed(t, dir, sideUUID, c.of, c.files)
			asNobody(t, func() bool {
				status, out, errs := sensord(t, "spool", "--spool", dir)
				if status != 0 || !strings.Contains(out, c.list) || !strings.Contains(errs, c.listErr) || strings.Contains(out, "running sensord") {
					t.Errorf("list: exit %d\n%s%s", status, out, errs)
				}
				status, out, errs = sensord(t, "spool", "empty", sideUUID.String(), "--yes", "--spool", dir)
				if status != fault.ExitFailed || out != "" || !strings.Contains(errs, "permission denied\n  empty it as the user that sensord runs as, or as root") {
					t.Errorf("empty: exit %d\n%s%s", status, out, errs)
				}
				return true
			})
		})
	}
	infos, err := spool.List(dir)
	if err != nil || len(infos) != 2 || infos[0].Frames != 20 || infos[1].Frames != 20 {
		t.Errorf("nothing is to be lost by it: %+v, %v", infos, err)
	}
}
