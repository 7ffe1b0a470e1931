package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// kernel makes a directory like /sys/class/net: a radio, an old radio, a cable.
func kernel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"wlan0/phy80211/name": "phy0\n",
		"wlan0/address":       "02:00:00:00:00:01\n",
		"wlan1/wireless/link": "",
		"wlan1/address":       "00:11:22:33:44:55:66:77\n",
		"eth0/address":        "02:00:00:00:00:02\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte(text))
	}
	return dir
}

const listed = `pcapfile: pcap and pcapng files, also gzip
  sensord --source FILE
linuxwifi: not captured by this version
  wlan0 (phy0)
  wlan1
`

func TestListCommandAndFlag(t *testing.T) {
	dir := kernel(t)
	for _, tt := range []struct {
		arg       string
		status    int
		out, errs string
	}{
		{"list", 0, listed, ""},
		{"--list", 2, "", listed},
	} {
		var out, errs bytes.Buffer
		a := &app{args: []string{"sensord", tt.arg}, out: &out, errs: &errs, netDir: dir}
		if status := a.finish(a.execute()); status != tt.status || out.String() != tt.out || errs.String() != tt.errs {
			t.Errorf("%s: exit %d\noutput:\n%s\nmessages:\n%s", tt.arg, status, out.String(), errs.String())
		}
	}
}

func TestListWithoutRadios(t *testing.T) {
	a := &app{netDir: filepath.Join(t.TempDir(), "none")}
	want := "pcapfile: pcap and pcapng files, also gzip\n  sensord --source FILE\nlinuxwifi: this machine has no Wi-Fi interface\n"
	if got := a.list(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestUUIDOfRadios(t *testing.T) {
	dir := kernel(t)
	for _, tt := range []struct{ program, arg, want string }{
		{"sensord", "wlan0", "5FE308BD-0000-0000-0000-020000000001  wlan0\n"},
		{"sensord", "wlan0:type=pcapfile", "4E1D07C3-0000-0000-0000-0000063201E2  wlan0:type=pcapfile\n"},
		{"kismet_cap_linux_wifi", "wlan0:name=x", "5FE308BD-0000-0000-0000-020000000001  wlan0:name=x\n"},
		{"/usr/bin/kismet_cap_pcapfile", "wlan0", "4E1D07C3-0000-0000-0000-0000063201E2  wlan0\n"},
		{"sensord", "wlan1", "sensord: interface wlan1: it has no MAC address of 6 bytes\n  check the file's permissions\n"},
	} {
		var out bytes.Buffer
		a := &app{args: []string{tt.program, "uuid", tt.arg}, out: &out, errs: &out, netDir: dir}
		a.finish(a.execute())
		if out.String() != tt.want {
			t.Errorf("%s uuid %s:\n got %s\nwant %s", tt.program, tt.arg, out.String(), tt.want)
		}
	}
}
