package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismettest"
)

// startSlow starts what ends after seconds of waiting; the other tests run
// meanwhile.
func (w *world) startSlow(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.root, "cmd/sensord/testdata/e2e/messages/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	w.files, w.slow = files, map[string]*process{}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "timeout-") {
			w.slow[file] = w.start(t, readGolden(t, file).input)
		}
	}
}

// messages runs the command line in the first line of every file of
// testdata/e2e/messages, and compares what a user then reads, and the exit
// status. Words in braces stand for the addresses of servers; the command runs
// in a directory of captures, as an ordinary user.
func (w *world) messages(t *testing.T) {
	for _, file := range w.files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.slow[file]
			if p == nil {
				p = w.start(t, readGolden(t, file).input)
			}
			w.golden(t, file, p)
		})
	}
	t.Run("truncated file is sent", w.truncated)
	t.Run("name without address", w.nowhere)
}

// A world is what the messages are about: servers that are up, down, wrong or
// broken, and a directory of captures.
type world struct {
	*endToEnd
	dir    string
	places *strings.Replacer // from words to addresses
	words  *strings.Replacer // and back
	files  []string          // the golden ones
	slow   map[string]*process
}

// start runs a command line as a shell would, variables in front included.
func (w *world) start(t *testing.T, line string) *process {
	t.Helper()
	in := invocation{dir: w.dir, env: []string{"SENSORD_LOG_FORMAT=text", "SENSORD_LOG_LEVEL=warn"}, setup: ordinary}
	for word := range strings.FieldsSeq(w.places.Replace(line)) {
		word = strings.Trim(word, "'")
		switch {
		case in.name != "":
			in.args = append(in.args, word)
		case strings.Contains(word, "="):
			in.env = append(in.env, word)
		default:
			in.name = word
		}
	}
	return w.endToEnd.start(t, in)
}

// ordinary takes root's right to read everything away.
func ordinary(cmd *exec.Cmd) {
	const nobody = 65534
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
	}
}

// What is different each time: when, a wait with jitter, how much was read.
var (
	clock  = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3} `)
	jitter = regexp.MustCompile(`(retry_in|waiting)=\S+`)
	share  = regexp.MustCompile(`\d+ of \d+ frames not confirmed`)
)

func (w *world) golden(t *testing.T, file string, p *process) {
	t.Helper()
	status := p.exit(t)
	text := clock.ReplaceAllString(w.words.Replace(p.errs.String()), "00:00:00.000 ")
	text = jitter.ReplaceAllString(text, "$1=…")
	text = share.ReplaceAllString(text, "… frames not confirmed")
	g := readGolden(t, file)
	got := fmt.Sprintf("exit %d\n%s", status, text)
	if out := p.out.String(); out != "" {
		got += "-- out --\n" + w.words.Replace(out)
	}
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(file, []byte(g.input+wantLine+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(g.want, got); diff != "" {
		t.Errorf("of %s(-want +got):\n%s", g.input, diff)
	}
}

// golden is a file that holds a command line and what it should come to.
type golden struct{ input, want string }

const wantLine = "-- want --\n"

func readGolden(t *testing.T, file string) golden {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	input, want, _ := strings.Cut(string(text), wantLine)
	return golden{input: input, want: want}
}

// truncated looks at the server: everything before the damage has arrived.
func (w *world) truncated(t *testing.T) {
	for _, file := range []string{"truncated.pcap", "truncated.pcap.gz"} {
		srv := serve(t, kismettest.Config{})
		p := w.endToEnd.start(t, invocation{dir: w.dir, args: append(tcp(srv), "--once", "--source", file)})
		if status := p.exit(t); status != 7 {
			t.Errorf("%s: status %d, want 7", file, status)
		}
		got := srv.Frames(source(t, srv).UUID)
		if len(got) == 0 || len(got) >= worldFrames {
			t.Errorf("of %s %d frames arrived", file, len(got))
		}
		arrived(t, got, w.frames[:len(got)], nil)
	}
}

// nowhere has a name that no resolver knows. What it says of it depends on the
// resolver, which may not even answer.
func (w *world) nowhere(t *testing.T) {
	p := w.endToEnd.start(t, invocation{dir: w.dir, args: []string{
		"--connect", "kismet.invalid:3501", "--tcp", "--disable-retry", "--log-format", "text", "--source", "walk.pcap",
	}})
	if status := p.exit(t); status != 4 {
		t.Errorf("status %d, want 4", status)
	}
	has(t, p.errs.String(), "sensord: server kismet.invalid:3501: ", "\n  check ")
}
