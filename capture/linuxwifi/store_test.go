package linuxwifi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture/nl80211"
)

// full is a state with every kind of change.
func full() state {
	return state{
		Version: stateVersion, Boot: "4ad6a2f2 net:[4026531840]", Interface: "wlan0",
		Changes: []change{
			{Kind: changedBlock, Phy: 3},
			{Kind: changedManaged, Phy: 3, Index: 7, Name: "wlan0"},
			{Kind: changedDown, Phy: 3, Index: 7, Name: "wlan0"},
			{Kind: changedType, Phy: 3, Index: 7, Name: "wlan0", Type: nl80211.TypeAP},
			{Kind: changedUp, Phy: 3, Index: 7, Name: "wlan0"},
			{Kind: changedFlags, Phy: 3, Index: 8, Name: "mon0"},
			{Kind: changedVIF, Phy: 3, Name: "wlan0mon", Above: 9},
			{Kind: changedVIF, Phy: 3, Index: 10, Name: "kismon0", Above: 9},
		},
	}
}

func TestStateIsReadBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "below")
	st, err := openStore(dir, "wlan0.7")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Load(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("load of nothing: %v", err)
	}
	for range 2 { // the second replaces the first
		if err := st.Save(full()); err != nil {
			t.Fatal(err)
		}
	}
	names, err := savedInterfaces(dir)
	if diff := cmp.Diff([]string{"wlan0.7"}, names); diff != "" || err != nil {
		t.Errorf("saved (-want +got):\n%s, %v", diff, err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	if st, err = openStore(dir, "wlan0.7"); err != nil {
		t.Fatal(err)
	}
	got, err := st.Load()
	if diff := cmp.Diff(full(), got); diff != "" || err != nil {
		t.Errorf("state (-want +got):\n%s, %v", diff, err)
	}
	if err := errors.Join(st.Remove(), st.Remove(), st.Close()); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left: %v %v", entries, err)
	}
}

func TestStateIsLockedWhileARadioIsOpen(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		st, err := openStore(dir, "wlan0")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openStore(dir, "wlan0"); !errors.Is(err, errLocked) {
			t.Errorf("second: %v", err)
		}
		other, err := openStore(dir, "wlan1")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(other.Close(), st.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestStateIsNotWrittenThroughALink(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{lockSuffix, ".new"} {
		link := filepath.Join(dir, "radio-wlan0"+suffix)
		if err := os.Symlink(victim, link); err != nil {
			t.Fatal(err)
		}
		if st, err := openStore(dir, "wlan0"); err == nil {
			if err := errors.Join(st.Save(full()), st.Close()); err != nil {
				t.Error(err)
			}
		} else if suffix != lockSuffix {
			t.Error(err)
		}
		if got, _ := os.ReadFile(victim); string(got) != "precious" {
			t.Errorf("%s: overwritten with %s", suffix, got)
		}
		if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func TestForeignFilesAreNotTakenForStates(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"radio-wlan0.lock", "other.json", "radio-%zz.json", "radio-..%2Fa.json", "radio-.json", "radio-wlan0.json.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := savedInterfaces(dir); len(names) > 0 || err != nil {
		t.Errorf("saved %q, %v", names, err)
	}
	if names, err := savedInterfaces(filepath.Join(dir, "none")); len(names) > 0 || err != nil {
		t.Errorf("saved %q, %v", names, err)
	}
}

func TestDamagedStateChangesNothing(t *testing.T) {
	good, err := full().encode()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(f func(*state)) string {
		s := full()
		f(&s)
		data, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	tests := map[string]string{
		"empty":            "",
		"zeros":            strings.Repeat("\x00", 4096),
		"half":             string(good[:len(good)/2]),
		"other version":    edit(func(s *state) { s.Version = 2 }),
		"no boot":          edit(func(s *state) { s.Boot = "" }),
		"long boot":        edit(func(s *state) { s.Boot = strings.Repeat("x", 300) }),
		"no interface":     edit(func(s *state) { s.Interface = "" }),
		"path":             edit(func(s *state) { s.Interface = "../x" }),
		"unknown kind":     edit(func(s *state) { s.Changes[0].Kind = "format disk" }),
		"no index":         edit(func(s *state) { s.Changes[2].Index = 0 }),
		"negative index":   edit(func(s *state) { s.Changes[2].Index = -1 }),
		"negative phy":     edit(func(s *state) { s.Changes[0].Phy = -1 }),
		"no type":          edit(func(s *state) { s.Changes[3].Type = 0 }),
		"type out of this": edit(func(s *state) { s.Changes[3].Type = 999 }),
		"vif without name": edit(func(s *state) { s.Changes[6].Name = "" }),
		"vif with path":    edit(func(s *state) { s.Changes[7].Name = "a/b" }),
		"too many":         edit(func(s *state) { s.Changes = make([]change, maxChanges+1) }),
		"too long":         string(good) + strings.Repeat(" ", maxStateBytes),
		"wide number":      strings.Replace(string(good), `"phy": 3`, `"phy": 99999999999`, 1),
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.disk["wlan0"] = []byte(content)
			before := f.String()
			var log bytes.Buffer
			err := restoreAll(t.Context(), f.machine(), "state", []string{"wlan0"}, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "damaged") {
				t.Errorf("log %q", log.String())
			}
			wantSame(t, before, f)
			wantNoFiles(t, f)
		})
	}
}

func TestFullDiskIsSaidOnce(t *testing.T) {
	f := newFake()
	before := f.String()
	f.trouble = func(_ int, op string) trouble {
		if op == "save" {
			return failsBefore
		}
		return fine
	}
	var log bytes.Buffer
	r, err := tryOpen(t, f, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, "wlan0")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "state file cannot be written"); n != 1 {
		t.Errorf("said %d times: %s", n, log.String())
	}
	wantSame(t, before, f)
}

func FuzzReadState(f *testing.F) {
	good, err := full().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1,"boot":"b n","interface":"wlan0","changes":[{"kind":"vif","phy":0,"name":"wlan0mon"}]}`))
	f.Add([]byte(`{"version":1,"boot":"b n","interface":"wlan0","changes":[{"kind":"type","phy":0,"ifindex":3,"type":3}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readState(bytes.NewReader(data))
		if err != nil {
			if diff := cmp.Diff(state{}, s); diff != "" {
				t.Errorf("error and value:\n%s", diff)
			}
			return
		}
		out, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := readState(bytes.NewReader(out))
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		a, _ := json.Marshal(s)
		b, _ := json.Marshal(again)
		if !bytes.Equal(a, b) {
			t.Errorf("%s became %s", a, b)
		}
		// Whatever it says, nothing that is not ours goes, and nothing panics.
		m := newFake()
		m.disk["wlan0"] = data
		m.ifaces[9] = &fakeIface{name: "precious", phy: 0, kind: nl80211.TypeMonitor, up: true}
		s.Boot = m.boot
		if m.disk["wlan0"], err = s.encode(); err != nil {
			t.Fatal(err)
		}
		_ = restoreAll(t.Context(), m.machine(), "state", []string{"wlan0"}, nil)
		for i, l := range newFake().ifaces {
			named := false
			for _, c := range s.Changes {
				named = named || c.Kind == changedVIF && c.Name == l.name
			}
			if m.ifaces[i] == nil && !named {
				t.Errorf("interface %d was removed by %s", i, data)
			}
		}
		_ = fmt.Sprint(s.Changes)
	})
}
