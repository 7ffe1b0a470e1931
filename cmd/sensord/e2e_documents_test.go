package main_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
)

// documents holds the documents against what they speak of: the command line
// and the table of errors.
func (e *endToEnd) documents(t *testing.T) {
	texts := map[string]string{}
	for _, file := range []string{"README.md", "docs/guide.md", "docs/operations.md", "docs/bus.md"} {
		texts[file] = readFile(t, filepath.Join(e.root, file))
	}
	for _, topic := range []string{"--help", "run --help", "check --help", "list --help", "uuid --help", "demo --help", "gps --help"} {
		texts["sensord "+topic] = e.run(t, strings.Fields(topic)...).out.String()
	}
	t.Run("commands", func(t *testing.T) {
		t.Parallel()
		for where, text := range texts {
			lines := commandLines(text)
			if len(lines) == 0 {
				t.Errorf("%s shows no command", where)
			}
			for _, line := range lines {
				if p, status := e.parses(t, line); status != 0 {
					t.Errorf("%s: %s: status %d\n%s", where, line, status, p.errs.String())
				}
			}
		}
	})
	t.Run("flags", func(t *testing.T) {
		t.Parallel()
		for _, s := range span.FindAllStringSubmatch(texts["docs/guide.md"], -1) {
			if !strings.HasPrefix(s[1], "--") {
				continue
			}
			knows := func(command string) bool {
				p, _ := e.parses(t, command+" "+s[1])
				return !strings.Contains(p.errs.String(), "unknown flag")
			}
			if !slices.ContainsFunc([]string{"sensord", "sensord gps"}, knows) {
				t.Errorf("docs/guide.md: %s", s[1])
			}
		}
	})
	t.Run("codes", func(t *testing.T) { documentedCodes(t, texts["docs/guide.md"]) })
}

var (
	span     = regexp.MustCompile("`([^`\n]+)`")
	ellipses = regexp.MustCompile(` *…`)
)

// commandLines returns the calls of sensord in a text: lines of their own, with
// what follows a backslash, and what stands in backquotes.
func commandLines(text string) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "ExecStart=/usr/local/bin/")
		candidates := []string{line}
		for _, s := range span.FindAllStringSubmatch(line, -1) {
			candidates = append(candidates, s[1])
		}
		for _, c := range candidates {
			if isCall(c) {
				lines = append(lines, ellipses.ReplaceAllString(c, ""))
			}
		}
	}
	return lines
}

// isCall tells a command line from a sentence that begins with the program's
// name.
func isCall(line string) bool {
	words := strings.Fields(line)
	for len(words) > 0 && strings.HasPrefix(words[0], "SENSORD_") {
		words = words[1:]
	}
	if len(words) < 2 || strings.ContainsAny(line, "[`") {
		return false
	}
	commands := []string{"run", "check", "demo", "fleet", "gps", "hub", "list", "status", "uuid", "version", "help"}
	return slices.Contains([]string{"sensord", "kismet_cap_pcapfile", "kismet_cap_linux_wifi"}, words[0]) &&
		(strings.HasPrefix(words[1], "--") || slices.Contains(commands, words[1]))
}

// parses runs a command line as far as that it asks for help.
func (e *endToEnd) parses(t *testing.T, line string) (*process, int) {
	t.Helper()
	words := strings.Fields(line)
	for strings.HasPrefix(words[0], "SENSORD_") {
		words = words[1:]
	}
	p := e.start(t, invocation{name: words[0], args: append(words[1:], "--help")})
	return p, p.exit(t)
}

// A documented code is a row of the guide's table.
type documentedCode struct {
	Code   fault.Code
	Remedy string
	Status int
}

var (
	codeRow   = regexp.MustCompile("(?m)^\\| `([a-z.-]+)` \\| .+ \\| (.+) \\| (\\d) \\|$")
	statusRow = regexp.MustCompile(`(?m)^\| (\d) \| .+ \|$`)
)

// documentedCodes compares the guide's tables with the one of the program.
func documentedCodes(t *testing.T, guide string) {
	section := func(title string) string {
		_, text, found := strings.Cut(guide, "\n## "+title+"\n")
		if !found {
			t.Fatalf("docs/guide.md has no section %q", title)
		}
		text, _, _ = strings.Cut(text, "\n## ")
		return text
	}
	var want, got []documentedCode
	statuses := []string{"0"}
	for _, code := range fault.Codes() {
		status := fault.Exit(fault.Newf(code, "", "cause"))
		want = append(want, documentedCode{code, code.Remedy(), status})
		statuses = append(statuses, strconv.Itoa(status))
	}
	for _, row := range codeRow.FindAllStringSubmatch(section("Error codes"), -1) {
		status, err := strconv.Atoi(row[3])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, documentedCode{fault.Code(row[1]), row[2], status})
	}
	slices.SortFunc(got, func(a, b documentedCode) int { return strings.Compare(string(a.Code), string(b.Code)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes in docs/guide.md (-want +got):\n%s", diff)
	}
	slices.Sort(statuses)
	var listed []string
	for _, row := range statusRow.FindAllStringSubmatch(section("Exit statuses"), -1) {
		listed = append(listed, row[1])
	}
	if diff := cmp.Diff(slices.Compact(statuses), listed); diff != "" {
		t.Errorf("exit statuses in docs/guide.md (-want +got):\n%s", diff)
	}
}

// fenced returns the blocks of a language in a Markdown file.
func fenced(t *testing.T, file, language string) []string {
	t.Helper()
	var blocks []string
	for rest := readFile(t, file); ; {
		_, after, found := strings.Cut(rest, "\n```")
		if !found {
			return blocks
		}
		block, behind, _ := strings.Cut(after, "\n```")
		if kind, body, _ := strings.Cut(block, "\n"); kind == language {
			blocks = append(blocks, body+"\n")
		}
		rest = behind
	}
}
