package configs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sensord/sensord/configs"
)

func TestExamplesLoad(t *testing.T) {
	examples, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(examples) < 4 {
		t.Fatalf("%d examples: %v", len(examples), err)
	}
	for _, example := range examples {
		t.Run(filepath.Base(example), func(t *testing.T) {
			text, err := os.ReadFile(example)
			if err != nil {
				t.Fatal(err)
			}
			machine(t)
			write(t, "rig.yaml", strings.ReplaceAll(string(text), "/etc/sensord/", ""), 0o644)
			l, err := configs.Load("rig.yaml", nil, configs.Flags{})
			if err != nil && !lacksServer(string(text)) {
				t.Fatal(err)
			}
			for _, w := range l.Warnings {
				if !strings.Contains(w.What, "metagps=") { // as the example says
					t.Errorf("warning: %s", w)
				}
			}
		})
	}
}

// The configurations of the guide, those of a part of one included.
func TestTheGuidesExamplesLoad(t *testing.T) {
	text, err := os.ReadFile("../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "\n```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("the guide has %d", len(blocks))
	}
	machine(t)
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "\n```")
		if strings.HasPrefix(block, "filter:") {
			block = "sources:\n  - interface: wlan1\n    type: linuxwifi\n    " + strings.ReplaceAll(block, "\n", "\n    ")
		}
		if !strings.Contains(block, "sources:") {
			block += "\nsources: [{interface: wlan1, type: linuxwifi}]"
		}
		if !strings.Contains(block, "servers:") {
			block += "\nservers: [{url: tcp://k}]"
		}
		if strings.Contains(block, "web:") && !strings.Contains(block, "gps:") {
			block += "\ngps: {receivers: [{type: meta, name: phone}]}"
		}
		write(t, "rig.yaml", strings.ReplaceAll(block, "/etc/sensord/", "")+"\nstate_dir: /state\n", 0o644)
		l, err := configs.Load("rig.yaml", nil, configs.Flags{})
		if err != nil && !lacksServer(block) || len(l.Warnings) > 0 {
			t.Errorf("%s\n%v%v", block, err, l.Warnings)
		}
	}
}

// lacksServer reports whether this build has not the server that an example
// needs.
func lacksServer(example string) bool {
	return !configs.BusServer && (strings.Contains(example, "mode: embedded") || strings.Contains(example, "mode: leaf"))
}

var document = regexp.MustCompile(`(?s)\ncat > \S+\.yaml <<'END'\n(.*?)\nEND\n`)

// The configurations of the walk-through, and the parts of some beside it.
func TestTheBusExamplesLoad(t *testing.T) {
	text, err := os.ReadFile("../docs/bus.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range document.FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) != 2 {
		t.Fatalf("the walk-through has %d", len(all))
	}
	for _, block := range strings.Split(string(text), "\n```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "\n```")
		if !strings.Contains(block, "servers:") {
			block += "\nservers: [{url: tcp://k}]"
		}
		all = append(all, "rig: a\nsources: [{interface: wlan1, type: linuxwifi}]\nstate_dir: /state\n"+block)
	}
	machine(t)
	for _, file := range []string{"roof.pcap", "side.pcap", "drive.nmea", "rover-2.creds"} {
		write(t, file, testCreds, 0o600)
	}
	for _, block := range all {
		write(t, "rig.yaml", strings.ReplaceAll(block, "/etc/sensord/", ""), 0o644)
		l, err := configs.Load("rig.yaml", nil, configs.Flags{})
		if err != nil && !lacksServer(block) {
			t.Errorf("%s\n%v", block, err)
		}
		for _, w := range l.Warnings {
			if !strings.Contains(w.What, "every source is a file") { // as the walk-through says
				t.Errorf("%s\n%v", block, w)
			}
		}
	}
}
