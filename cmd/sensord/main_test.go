package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sensord/sensord/bus/bustest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The test binary is sensord itself when beSensord is set: to "here", or to a
// directory to go to first.
const beSensord = "BE_SENSORD"

func TestMain(m *testing.M) {
	if where := os.Getenv(beSensord); where != "" {
		if where != "here" {
			if err := os.Chdir(where); err != nil {
				panic(err)
			}
		}
		main()
	}
	goleak.VerifyTestMain(m, bustest.Leftovers()...)
}

// sensord runs the program inside the test and returns what a user sees of it.
func sensord(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var outBuf, errBuf bytes.Buffer
	status = run(append([]string{"sensord"}, args...), strings.NewReader(""), &outBuf, &errBuf)
	return status, outBuf.String(), errBuf.String()
}

// process prepares the program as a process of its own.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), beSensord+"=here")
	return cmd
}

// machine goes to an empty directory with two captures of n frames in it.
func machine(t *testing.T, n int) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeFile(t, "walk.pcap", pcap(n))
	writeFile(t, "drive.pcap", pcap(n))
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// pcap returns a capture of n beacons, a millisecond apart, numbered in their
// sequence field.
func pcap(n int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	for _, v := range []uint32{0, 0, 65535, 105} {
		b = le.AppendUint32(b, v)
	}
	for i := range n {
		frame := make([]byte, 36)
		frame[0] = 0x80
		le.PutUint32(frame[22:], uint32(i))
		for _, v := range []int{1700000000 + i/1000, i % 1000 * 1000, len(frame), len(frame)} {
			b = le.AppendUint32(b, uint32(v))
		}
		b = append(b, frame...)
	}
	return b
}

// golden compares got with what follows the line "-- want --" in a file whose
// beginning is the input.
func golden(t *testing.T, file, got string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const line = "-- want --\n"
	input, want, _ := strings.Cut(string(text), line)
	if *update {
		if err := os.WriteFile(file, []byte(input+line+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of %s(-want +got):\n%s", input, diff)
	}
}

// eachGolden runs a test for every golden file of a pattern, with the input that
// it begins with.
func eachGolden(t *testing.T, pattern string, test func(t *testing.T, file, input string)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, _, _ := strings.Cut(string(text), "-- want --\n")
			test(t, file, input)
		})
	}
}

// TestCommandLines runs the command line in the first line of every file of
// testdata/usage and testdata/messages.
func TestCommandLines(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txt"), func(t *testing.T) {
			file, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			line, _, _ := strings.Cut(string(text), "\n")
			machine(t, 3)
			writeFile(t, "wrong.yaml", []byte("rigg: a\nservers: [{url: 'ws://k:3501'}]\nsources: [{interface: walk.pcap, options: {realtme: true}}]\n"))
			words := strings.Fields(line)
			for i := range words {
				words[i] = strings.Trim(words[i], "'")
			}
			var out, errs bytes.Buffer
			status := run(words, strings.NewReader(""), &out, &errs)
			golden(t, file, fmt.Sprintf("exit %d\n-- out --\n%s-- err --\n%s", status, out.String(), errs.String()))
		})
	}
}

func TestEmptyCommandLine(t *testing.T) {
	for _, args := range [][]string{nil, {"sensord"}} {
		var out, errs bytes.Buffer
		if status := run(args, strings.NewReader(""), &out, &errs); status != 2 || out.Len() > 0 || !strings.Contains(errs.String(), "Examples:") {
			t.Errorf("%v: exit %d, output %q, messages %q", args, status, out.String(), errs.String())
		}
	}
}

func TestVersion(t *testing.T) {
	for _, flag := range []string{"--version", "-v"} {
		status, out, errs := sensord(t, flag)
		if status != 0 || out != "sensord "+versionText()+"\n" || errs != "" {
			t.Errorf("%s: exit %d, output %q, messages %q", flag, status, out, errs)
		}
	}
	status, out, _ := sensord(t, "version")
	if status != 0 || !strings.HasPrefix(out, "sensord "+versionText()+"\n") || !strings.Contains(out, "linux/") {
		t.Errorf("version: exit %d, output %q", status, out)
	}
}
