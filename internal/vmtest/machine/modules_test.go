package machine

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeModule writes an ELF file with nothing but a section .modinfo.
func writeModule(t *testing.T, root, name, info string) {
	t.Helper()
	const header, section = 64, 64
	names := "\x00.modinfo\x00.shstrtab\x00"
	le := binary.LittleEndian
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(&b, le, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := uint64(header)
	strtab := data + uint64(len(info))
	table := strtab + uint64(len(names))
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	put(uint16(1), uint16(62), uint32(1), uint64(0), uint64(0), table, uint32(0), uint16(header),
		uint16(0), uint16(0), uint16(section), uint16(3), uint16(2))
	b.WriteString(info + names)
	put([section]byte{})
	put(uint32(1), uint32(1), uint64(0), uint64(0), data, uint64(len(info)), uint32(0), uint32(0), uint64(1), uint64(0))
	put(uint32(10), uint32(3), uint64(0), uint64(0), strtab, uint64(len(names)), uint32(0), uint32(0), uint64(1), uint64(0))

	file := filepath.Join(root, "lib/modules/6.1.0/kernel", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestKernelModules(t *testing.T) {
	root := t.TempDir()
	writeModule(t, root, "net/mac80211.ko", "depends=cfg80211,libarc4\x00")
	writeModule(t, root, "drivers/hw-sim.ko", "name=hw_sim\x00depends=mac80211,cfg80211,ctr\x00")
	writeModule(t, root, "net/cfg80211.ko", "depends=\x00")
	writeModule(t, root, "lib/libarc4.ko", "license=GPL\x00")
	writeModule(t, root, "net/lonely.ko", "depends=nowhere\x00")
	builtin := filepath.Join(root, "lib/modules/6.1.0/modules.builtin")
	if err := os.WriteFile(builtin, []byte("kernel/crypto/ctr.ko\nkernel/net/af_packet.ko\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	got, err := kernelModules(root, []string{"hw_sim", "af_packet", "libarc4"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i] = filepath.Base(got[i])
	}
	if diff := cmp.Diff([]string{"cfg80211.ko", "libarc4.ko", "mac80211.ko", "hw-sim.ko"}, got); diff != "" {
		t.Error(diff)
	}

	for name, want := range map[string]string{
		"lonely": "nowhere: the kernel's package has no such module, which lonely needs",
		"none":   "none: the kernel's package has no such module, which the tests' machine needs",
	} {
		if _, err := kernelModules(root, []string{name}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestParseNeeds(t *testing.T) {
	for info, want := range map[string][]string{
		"":                                      nil,
		"depends=\x00":                          nil,
		"depends=a":                             {"a"},
		"parm=depends=x\x00depends=a-b,c\x00":   {"a_b", "c"},
		"\x00\x00depends=,a,,b,\x00license=GPL": {"a", "b"},
	} {
		if diff := cmp.Diff(want, parseNeeds([]byte(info))); diff != "" {
			t.Errorf("%q: %s", info, diff)
		}
	}
}

func TestLibraries(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/libnl-3.so.200"} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"/lib64/ld-linux-x86-64.so.2": "lib64/ld-linux-x86-64.so.2",
		"/lib/ld-musl.so.1":           "",
		"libnl-3.so.200":              "usr/lib/x86_64-linux-gnu/libnl-3.so.200",
		"libssl.so.3":                 "",
	} {
		if got := findLibrary(root, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if _, err := libraries(root, "usr/sbin/hostapd"); err == nil {
		t.Error("a program that is not there needs nothing")
	}
}
