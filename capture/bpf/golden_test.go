package bpf_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/radiotap"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const mark = "-- want --\n"

// golden compares what got returns for the first part of a file with the rest.
func golden(t *testing.T, path string, got func(input string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	input, want, _ := strings.Cut(string(text), mark)
	out := got(input)
	if *update {
		if err := os.WriteFile(path, []byte(input+mark+out), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(out, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestListings(t *testing.T) {
	paths, err := filepath.Glob("testdata/listing/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			golden(t, path, func(input string) string { return listing(t, described(t, input)) })
		})
	}
}

// described compiles a Spec that is written one item a line.
func described(t *testing.T, input string) *bpf.Program {
	t.Helper()
	var s bpf.Spec
	lt, most := capture.LinkTypeRadiotap, 4096
	for line := range strings.Lines(input) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch word {
		case "#":
		case "filter_mgmt":
			s.Mgmt = true
		case "truncate_data":
			s.TruncateData = true
		case "fcsfail":
			s.KeepBadFCS = true
		case "plain":
			lt = capture.LinkTypeIEEE80211
		case "budget":
			most, err = strconv.Atoi(rest)
		case "address":
			var m radiotap.MAC
			m, err = radiotap.ParseMAC(rest)
			s.Addresses = append(s.Addresses, m)
		default:
			var r bpf.Rule
			r, err = bpf.ParseRule(strings.TrimSpace(line))
			s.Rules = append(s.Rules, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return compile(t, s, lt, most)
}

// listing writes a program as tcpdump does.
func listing(t *testing.T, p *bpf.Program) string {
	t.Helper()
	code, ok := xbpf.Disassemble(p.Kernel())
	if !ok {
		t.Fatal("an instruction is not known")
	}
	var b strings.Builder
	fmt.Fprintln(&b, p.Split())
	for i, raw := range p.Kernel() {
		op, rest, _ := strings.Cut(fmt.Sprint(code[i]), " ")
		if raw.Op&7 == 5 { // jumps, which disassembling turns round at times
			op = map[uint16]string{0: "ja", 1: "jeq", 2: "jgt", 3: "jge", 4: "jset"}[raw.Op>>4&7]
			rest = fmt.Sprintf("%#-12x jt %-4d jf %d", raw.K, i+1+int(raw.Jt), i+1+int(raw.Jf))
			if raw.Op&8 != 0 {
				rest = "x" + rest[1:]
			}
			if op == "ja" {
				rest = strconv.Itoa(i + 1 + int(raw.K))
			}
		}
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("(%03d) %-5s %s", i, op, rest), " "))
	}
	return b.String()
}

// How long programs are, so that a change of it is seen.
func TestSizes(t *testing.T) {
	golden(t, "testdata/sizes.txt", func(string) string {
		var b strings.Builder
		fmt.Fprintln(&b, "addresses  instructions  charged  in the kernel with optmem_max 20480, 131072")
		for _, n := range []int{1, 4, 8, 16, 32, 64, 100, 200, 400, 800} {
			s := bpf.Spec{Addresses: manyMACs(n)}
			c := compile(t, s, capture.LinkTypeRadiotap, 1<<20).Counts()
			small := compile(t, s, capture.LinkTypeRadiotap, bpf.Budget(20480)).Counts().KernelAddresses
			large := compile(t, s, capture.LinkTypeRadiotap, bpf.Budget(131072)).Counts().KernelAddresses
			fmt.Fprintf(&b, "%9d  %12d  %7d  %d, %d\n", n, c.Instructions, c.ChargedInstructions, small, large)
		}
		for _, s := range []bpf.Spec{{}, {Mgmt: true}, {TruncateData: true}} {
			c := compile(t, s, capture.LinkTypeRadiotap, 1<<20).Counts()
			fmt.Fprintf(&b, "filter_mgmt %v, truncate_data %v: %d, %d\n", s.Mgmt, s.TruncateData, c.Instructions, c.ChargedInstructions)
		}
		return b.String()
	})
}
