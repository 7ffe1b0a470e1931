//go:build !lite

package bus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sensord/sensord/internal/fault"
)

// A connection is made anew for other credentials that are right, and for
// nothing else.
func TestWhenALoginIsMended(t *testing.T) {
	a, err := OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	issue := func(rig string) []byte {
		creds, err := a.Issue(IssueRequest{Fleet: "fleet", Name: rig})
		if err != nil {
			t.Fatal(err)
		}
		return creds
	}
	roof, right := issue("roof"), issue("rover")
	for _, tt := range []struct {
		name       string
		shown, now []byte // nil is no file
		wrong      bool
		mended     bool
	}{
		{"as it was", roof, roof, true, false},
		{"mended", roof, right, true, true},
		{"another wrong one", roof, issue("side"), true, false},
		{"nonsense", roof, []byte("hello"), true, false},
		{"gone", roof, nil, true, false},
		{"right all the time", right, right, false, false},
		{"right and renewed", right, issue("rover"), false, true},
		{"was not there", nil, right, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "sw.creds")
			put := func(data []byte) {
				if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				if data == nil {
					return
				}
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put(tt.shown)
			l := &login{file: file, fleet: "fleet", rig: "rover"}
			if l.mended() || l.wrong() != nil {
				t.Error("is judged before anything was shown")
			}
			if _, err := l.show(); (err != nil) != (tt.shown == nil) {
				t.Fatal(err)
			}
			put(tt.now)
			if err := l.wrong(); (fault.CodeOf(err) == fault.BusDenied) != tt.wrong {
				t.Errorf("wrong is %v", err)
			}
			if l.mended() != tt.mended {
				t.Errorf("mended is %v", !tt.mended)
			}
		})
	}
}
