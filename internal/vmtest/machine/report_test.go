package machine

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	ready = Mark + `{"Ready":"6.1.0","Took":3000000000}` + "\n"
	off   = Mark + `{"Off":true}` + "\n"
)

func begin(name string) string { return Mark + `{"Start":"` + name + `"}` + "\n" }

func end(name, failed string) string {
	return Mark + `{"End":"` + name + `","Failed":"` + failed + `","Took":1500000000}` + "\n"
}

func TestReport(t *testing.T) {
	const one = "=== RUN   TestVMOne\n--- PASS: TestVMOne (0.00s)\nPASS\n"
	for _, tt := range []struct {
		name, guest string
		selected    bool
		out         string
		passed      bool
		trouble     string
	}{
		{
			name:   "both pass",
			guest:  ready + begin("a") + one + end("a", "") + begin("b") + one + end("b", "") + off,
			out:    one + "ok  \ta\t1.500s\n" + one + "ok  \tb\t1.500s\n",
			passed: true,
		},
		{
			name:  "one fails",
			guest: ready + begin("a") + "=== RUN   TestVMOne\nFAIL\n" + end("a", "exit status 1") + begin("b") + one + end("b", "") + off,
			out:   "=== RUN   TestVMOne\nFAIL\nexit status 1\nFAIL\ta\t1.500s\n" + one + "ok  \tb\t1.500s\n",
		},
		{
			name:    "the machine dies in a test",
			guest:   ready + begin("a") + "=== RUN   TestVMOne\nhalf a li",
			out:     "=== RUN   TestVMOne\nhalf a li\nthe machine went off before this test ended\nFAIL\ta\t0.000s\nFAIL\tb [not run]\n",
			trouble: "the machine went off before its end",
		},
		{
			name:    "the machine dies between tests",
			guest:   ready + begin("a") + one + end("a", "") + begin("b") + one + end("b", ""),
			out:     one + "ok  \ta\t1.500s\n" + one + "ok  \tb\t1.500s\n",
			trouble: "the machine went off before its end",
		},
		{
			name:    "it never gets to a test",
			guest:   Mark + `{"Trouble":"load tun.ko: no such file"}` + "\n",
			out:     "FAIL\ta [not run]\nFAIL\tb [not run]\n",
			trouble: "load tun.ko: no such file",
		},
		{
			name:  "one is left out",
			guest: ready + begin("b") + one + end("b", "") + off,
			out:   one + "ok  \tb\t1.500s\nFAIL\ta [not run]\n",
		},
		{
			name:  "one has no tests",
			guest: ready + begin("a") + "PASS\n" + end("a", "") + begin("b") + one + end("b", "") + off,
			out:   "PASS\nno test ran\nFAIL\ta\t1.500s\n" + one + "ok  \tb\t1.500s\n",
		},
		{
			name:     "one has none of those that were asked for",
			guest:    ready + begin("a") + "PASS\n" + end("a", "") + begin("b") + one + end("b", "") + off,
			selected: true,
			out:      "PASS\nok  \ta\t1.500s [no tests to run]\n" + one + "ok  \tb\t1.500s\n",
			passed:   true,
		},
		{
			name:  "one is over before its tests are",
			guest: ready + begin("a") + "=== RUN   TestVMOne\n" + end("a", "") + begin("b") + one + end("b", "") + off,
			out:   "=== RUN   TestVMOne\nended without saying PASS\nFAIL\ta\t1.500s\n" + one + "ok  \tb\t1.500s\n",
		},
		{
			name:  "one skips",
			guest: ready + begin("a") + "    --- SKIP: TestVMOne (0.00s)\n" + one + end("a", "") + begin("b") + one + end("b", "") + off,
			out:   "    --- SKIP: TestVMOne (0.00s)\n" + one + "skipped, so not tested: TestVMOne (0.00s)\nFAIL\ta\t1.500s\n" + one + "ok  \tb\t1.500s\n",
		},
		{
			name:  "one ends that did not begin",
			guest: ready + end("a", "") + begin("b") + one + end("b", "") + off,
			out:   "a: ended, but did not run\n" + one + "ok  \tb\t1.500s\nFAIL\ta [not run]\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			r := NewReport(&out, []string{"a", "b"}, tt.selected)
			for text := range strings.SplitAfterSeq(tt.guest, "e") { // in pieces, as from a line
				if _, err := r.Write([]byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			passed, trouble, err := r.Close()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, out.String()); diff != "" {
				t.Error(diff)
			}
			if passed != tt.passed || trouble != tt.trouble {
				t.Errorf("passed %v, trouble %q, want %v, %q", passed, trouble, tt.passed, tt.trouble)
			}
		})
	}
}

func TestReportSaysThatItCannotPrint(t *testing.T) {
	r := NewReport(failing{}, []string{"a"}, false)
	if _, err := r.Write([]byte(begin("a") + "output\n")); err == nil {
		t.Error("nobody learns that nothing is printed")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

// FuzzReport looks for output of a guest that passes without a result for each
// package, and for one that cannot be read.
func FuzzReport(f *testing.F) {
	f.Add([]byte(ready+begin("a")+"=== RUN   T\nPASS\n"+end("a", "")+off), byte(3))
	f.Add([]byte(Mark+`{"Trouble":"x"}`), byte(1))
	f.Add([]byte(begin("a")+begin("b")+end("a", "exit status 1")), byte(200))
	f.Add([]byte(Mark+"{\n"+Mark+"\n"), byte(2))
	f.Fuzz(func(t *testing.T, guest []byte, piece byte) {
		var out bytes.Buffer
		r := NewReport(&out, []string{"a"}, false)
		size := int(piece) + 1
		for rest := guest; len(rest) > 0; {
			n := min(size, len(rest))
			if _, err := r.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		passed, _, err := r.Close()
		if err != nil {
			t.Fatal(err)
		}
		if text := out.String(); passed && (!strings.Contains(text, "ok  \ta\t") || !strings.Contains(text, "=== RUN ")) {
			t.Errorf("passed with %q", text)
		}
	})
}
