package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][2][]string{
		"":                                {},
		"./a ./b/...":                     {{"./a", "./b/..."}},
		"-- -run X":                       {{}, {"-test.run", "X"}},
		"./a -- -run=X --count 2 -test.v": {{"./a"}, {"-test.run=X", "-test.count", "2", "-test.v"}},
		"./a -- -update ./b":              {{"./a"}, {"-update", "./b"}},
	} {
		patterns, flags := split(strings.Fields(line))
		if diff := cmp.Diff(want, [2][]string{patterns, flags}, emptyIsNil()); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}

func emptyIsNil() cmp.Option {
	return cmp.FilterValues(func(x, y []string) bool { return len(x) == 0 && len(y) == 0 }, cmp.Ignore())
}

func TestSelects(t *testing.T) {
	for line, want := range map[string]bool{"": false, "-test.count 2": false, "-test.run X": true, "--test.skip=X": true} {
		if got := selects(strings.Fields(line)); got != want {
			t.Errorf("%q: got %v", line, got)
		}
	}
}

func TestFind(t *testing.T) {
	b := builder{tmp: t.TempDir()}
	found, err := b.find(t.Context(), []string{module + "/internal/..."})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range found {
		paths = append(paths, p.path)
	}
	if !strings.Contains(strings.Join(paths, " ")+" ", module+"/internal/vmtest ") {
		t.Errorf("found %v, and not this package's parent", paths)
	}
	if _, err := b.find(t.Context(), []string{module + "/internal/fault"}); err == nil {
		t.Error("no VM tests, and no error")
	}
}

func TestCheckNames(t *testing.T) {
	for text, want := range map[string]string{
		"func TestVMGood(t *testing.T) {\nfunc TestMain(m *testing.M) {\nfunc helper() {\n": "",
		"func TestVM(t *testing.T) {\n":              "",
		"package x\nfunc TestLost(t *testing.T) {\n": "TestLost would never run",
	} {
		file := filepath.Join(t.TempDir(), "x_vm_test.go")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := checkNames(file)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
