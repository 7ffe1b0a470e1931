package kismet_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/uplink/kismet"
)

// equal compares messages: absent numbers are NaN.
var equal = cmp.Options{cmpopts.EquateNaNs()}

func nan() float64 { return math.NaN() }

// readHex reads an annotated hex file: comments begin with #.
func readHex(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "wire", name+".hex"))
	if err != nil {
		tb.Fatal(err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(line)
	}
	return unhex(tb, digits.String())
}

// unhex reads hex digits with white space between them.
func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	p, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// wireFiles returns the names of all golden vectors.
func wireFiles(tb testing.TB) []string {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "wire", "*.hex"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no vectors: %v", err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".hex")
	}
	return paths
}

// recorded is one frame of a session between Kismet's own programs.
type recorded struct {
	sensor bool // sent by the sensor
	frame  []byte
}

// recordings returns the recorded sessions by name.
func recordings(tb testing.TB) map[string][]recorded {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "recorded", "*.jsonl"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no recordings: %v", err)
	}
	sessions := make(map[string][]recorded)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<20)
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		for lines.Scan() {
			var l struct{ Dir, Hex string }
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				tb.Fatalf("%s: %v", path, err)
			}
			sessions[name] = append(sessions[name], recorded{sensor: l.Dir == "c>s", frame: unhex(tb, l.Hex)})
		}
	}
	return sessions
}

// decode decodes what has to be right.
func decode(tb testing.TB, frame []byte) (kismet.Header, kismet.Message) {
	tb.Helper()
	h, m, err := kismet.Decode(frame)
	if err != nil {
		tb.Fatalf("decode %x: %v", frame, err)
	}
	return h, m
}

// frame3 makes a v3 frame of a payload in hex.
func frame3(tb testing.TB, typ, code uint16, payload string) []byte {
	tb.Helper()
	p := unhex(tb, payload)
	f := []byte{0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3, 0, 0, byte(len(p) >> 8), byte(len(p))}
	f = append(f, byte(typ>>8), byte(typ), byte(code>>8), byte(code), 0, 0, 0, 9)
	return append(f, p...)
}

// frame2 makes a v2 frame of a payload in hex.
func frame2(tb testing.TB, command, payload string) []byte {
	tb.Helper()
	p := unhex(tb, payload)
	f := []byte{0xde, 0xca, 0xfb, 0xad, 0xab, 0xcd, 0, 2, 0, 0, byte(len(p) >> 8), byte(len(p))}
	name := make([]byte, 32)
	copy(name, command)
	f = append(f, name...)
	f = append(f, 0, 0, 0, 9)
	return append(f, p...)
}

// frame0 makes a v0 frame, with a wrong checksum, of an envelope in hex.
func frame0(tb testing.TB, envelope string) []byte {
	tb.Helper()
	p := unhex(tb, envelope)
	return append([]byte{0xde, 0xca, 0xfb, 0xad, 0, 0, 0, 0, 0, 0, byte(len(p) >> 8), byte(len(p))}, p...)
}
