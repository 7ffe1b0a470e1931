package machine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unpacked reads an archive the way the kernel does: one line for each entry.
func unpacked(t *testing.T, data []byte) []string {
	t.Helper()
	const headerLength = 110
	var lines []string
	for at := 0; ; {
		if at%4 != 0 || len(data) < at+headerLength || string(data[at:at+6]) != "070701" {
			t.Fatalf("no header at byte %d of %d", at, len(data))
		}
		field := func(i int) int {
			n, err := strconv.ParseUint(string(data[at+6+8*i:at+14+8*i]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
		mode, size, nameLength := field(1), field(6), field(11)
		nameEnd := at + headerLength + nameLength
		name := string(data[at+headerLength : nameEnd-1])
		begin := (nameEnd + 3) &^ 3
		if name == "TRAILER!!!" {
			if begin != len(data) {
				t.Fatalf("%d bytes behind the end", len(data)-begin)
			}
			return lines
		}
		lines = append(lines, fmt.Sprintf("%o %s %d:%d %q", mode, name, field(9), field(10), data[begin:begin+size]))
		at = (begin + size + 3) &^ 3
	}
}

func TestArchive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(file, []byte("12345"), 0o755); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	a := newArchive(&b)
	a.Dir("/tmp", 0o1777)
	a.Device("/dev/console", 5, 1)
	a.Text("/a/b/c", "hello")
	a.Text("/a/b/none", "")
	a.File("/a/tool", file)
	a.Text("/a/tool", "only the first of a name counts")
	a.Dir("/a/b", 0o700)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`41777 tmp 0:0 ""`,
		`40755 dev 0:0 ""`,
		`20600 dev/console 5:1 ""`,
		`40755 a 0:0 ""`,
		`40755 a/b 0:0 ""`,
		`100644 a/b/c 0:0 "hello"`,
		`100644 a/b/none 0:0 ""`,
		`100755 a/tool 0:0 "12345"`,
	}
	if diff := cmp.Diff(want, unpacked(t, b.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestArchiveKeepsItsFirstError(t *testing.T) {
	a := newArchive(new(bytes.Buffer))
	a.File("/gone", filepath.Join(t.TempDir(), "gone"))
	a.Text("/there", "")
	if err := a.Close(); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v, want that a file is gone", err)
	}
}
