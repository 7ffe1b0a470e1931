package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/sensord/sensord/configs"
)

// What the help shows as a configuration is one: nothing is wrong with it but
// that this machine has none of its files.
func TestHelpShowsConfigurationsThatLoad(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"delivery": deliveryText + receiversYAML, "run": runExample} {
		t.Run(name, func(t *testing.T) {
			block := indented(t, text)
			if !strings.Contains(block, "\nsources:") {
				block += "sources: [{interface: wlan1, type: linuxwifi}]\n"
			}
			if err := os.WriteFile("rig.yaml", []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := configs.Load("rig.yaml", nil, configs.Flags{})
			var problems configs.Errors
			if err != nil && !errors.As(err, &problems) {
				t.Fatal(err)
			}
			for _, p := range problems {
				if !strings.HasSuffix(p.What, ": no such file or directory") {
					t.Errorf("%s\nin\n%s", p, block)
				}
			}
		})
	}
}

// receiversYAML is what the page on receivers shows, and that on delivery
// leaves out.
const receiversYAML = "\n  gps: {receivers: [{type: gpsd}]}\n"

// indented returns the lines of a text that are a configuration: from the first
// key at two blanks, all at two or more.
func indented(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	began := false
	for line := range strings.Lines(text) {
		inside, found := strings.CutPrefix(line, "  ")
		key, _, isKey := strings.Cut(strings.TrimSpace(inside), ":")
		began = began || found && isKey && !strings.ContainsAny(key, " -")
		if began && found {
			b.WriteString(inside)
		}
	}
	if b.Len() == 0 {
		t.Fatal("the help shows no configuration")
	}
	return b.String()
}
