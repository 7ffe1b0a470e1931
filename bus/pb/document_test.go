package pb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus/pb"
)

// docs/bus.md has a table of each message, and a twin of those that are
// published.
func TestMessagesAreDocumented(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "bus.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := bytes.Cut(text, []byte("\n## Messages\n"))
	if !ok {
		t.Fatalf("%s has no section of the messages", file)
	}
	section, _, _ := strings.Cut(string(text), "\n## ")

	// A table belongs to the message that was named last before it.
	has := map[string]bool{}
	name := regexp.MustCompile("^(?:### |`)([A-Z]\\w+)\\b")
	row := regexp.MustCompile("^\\| `(\\w+)` \\| (\\d+) \\|")
	message := ""
	for line := range strings.Lines(section) {
		if found := name.FindStringSubmatch(line); found != nil {
			message = found[1]
		} else if found := row.FindStringSubmatch(line); found != nil {
			has[fmt.Sprintf("%s.%s = %s", message, found[1], found[2])] = true
		}
	}
	messages := pb.File_bus_pb_sensord_proto.Messages()
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.Name() == "MetaGPS" || m.Name() == "Place" {
			continue // as Position, says compat_test.go
		}
		for i := range m.Fields().Len() {
			fd := m.Fields().Get(i)
			if line := fmt.Sprintf("%s.%s = %d", m.Name(), fd.Name(), fd.Number()); !has[line] {
				t.Errorf("%s lacks %s", file, line)
			}
		}
	}

	twins := regexp.MustCompile("(?s)### (\\w+)\n[^#]*?```json\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(twins) != len(kinds()) {
		t.Errorf("%s has twins of %d messages, want %d", file, len(twins), len(kinds()))
	}
	for i, k := range kinds()[:min(len(twins), len(kinds()))] {
		title, twin := twins[i][1], twins[i][2]
		if !strings.EqualFold(title, k.name) {
			t.Errorf("twin %d is of %s, want %s", i, title, k.name)
			continue
		}
		m, err := k.decode([]byte(twin))
		if err != nil {
			t.Errorf("twin of %s: %v", title, err)
			continue
		}
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(twin)); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want.String(), string(pb.JSON(m))); diff != "" {
			t.Errorf("twin of %s (-document +message)\n%s", title, diff)
		}
	}
}
