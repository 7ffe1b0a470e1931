package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
)

// checkJSON runs `sensord check --json` and reads what it prints, strictly: one
// object, no key that is not documented, and nothing behind it.
func checkJSON(t *testing.T, args ...string) (int, checkReport) {
	t.Helper()
	status, out, errs := sensord(t, append([]string{"check", "--json"}, args...)...)
	if errs != "" {
		t.Errorf("messages: %s", errs)
	}
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	var r checkReport
	if err := dec.Decode(&r); err != nil || dec.More() {
		t.Fatalf("%v in\n%s", err, out)
	}
	if r.Exit != status {
		t.Errorf("exit %d, and %d is told", status, r.Exit)
	}
	return status, r
}

// names writes steps as "name status", but those of the machine, which differ.
func names(r checkReport) string {
	var names []string
	for _, s := range r.Steps {
		if s.Name != "status" {
			names = append(names, s.Name+" "+string(s.Status))
		}
	}
	return strings.Join(names, ", ")
}

func TestCheckForPrograms(t *testing.T) {
	machine(t, 3)
	s := server(t, nil)
	writeFile(t, "home.key", []byte(datasourceKey+"\n"))
	config := func(url string) string {
		writeFile(t, "rig.yaml", []byte("rig: rover-1\nservers: [{name: home, url: '"+url+"', apikey_file: home.key}]\nsources: [{interface: walk.pcap}]\nspool: {dir: spool}\nstatus: {socket: off}\n"))
		return "rig.yaml"
	}
	status, r := checkJSON(t, "--config", config("ws://"+s.Addr))
	const walk = "configuration ok, resolve ok, connect ok, http ok, login ok, protocol ok, server clock ok, source ok, spool ok"
	if status != fault.ExitOK || r.Failed != "" || names(r) != walk {
		t.Errorf("exit %d, %q: %s", status, r.Failed, names(r))
	}
	objects := map[string]string{}
	for _, s := range r.Steps {
		objects[s.Name] = s.Object
		if s.Detail == "" || s.Code != "" || s.Remedy != "" || s.TookMs < 0 {
			t.Errorf("%+v", s)
		}
	}
	want := map[string]string{
		"configuration": "rig.yaml", "resolve": "server home", "connect": "server home", "http": "server home", "login": "server home",
		"protocol": "server home", "server clock": "server home", "source": "source walk.pcap", "spool": "this machine",
	}
	if diff := cmp.Diff(want, objects); diff != "" {
		t.Errorf("objects (-want +got)\n%s", diff)
	}
	secret := false
	for _, s := range r.Settings {
		secret = secret || strings.Contains(s.Value, datasourceKey)
	}
	if secret || len(r.Settings) == 0 {
		t.Errorf("settings: %v", r.Settings)
	}
	status, r = checkJSON(t, "--config", config("ws://"+closedPort(t)))
	if status != fault.ExitConnect || r.Failed != "connect" || names(r) != "configuration ok, resolve ok, connect fail, source ok, spool ok" {
		t.Errorf("exit %d, %q: %s", status, r.Failed, names(r))
	}
	for _, s := range r.Steps {
		if s.Status == stepFail && (s.Code != fault.LinkRefused || s.Remedy != fault.LinkRefused.Remedy() || !strings.HasSuffix(s.Detail, ": connection refused")) {
			t.Errorf("%+v", s)
		}
	}
}

// A configuration that cannot be is a report like any other, with each mistake.
func TestCheckForProgramsOfMistakes(t *testing.T) {
	machine(t, 3)
	writeFile(t, "rig.yaml", []byte("rig: rover 1\nservers: [{url: 'wss://k', prot: 1}]\nsources: []\n"))
	status, r := checkJSON(t, "--config", "rig.yaml")
	if status != fault.ExitUsage || r.Failed != "configuration" || len(r.Steps) < 3 || r.Settings == nil {
		t.Errorf("exit %d, %+v", status, r)
	}
	for _, s := range r.Steps {
		if s.Status != stepFail || s.Name != "configuration" || s.Code != fault.ConfigInvalid || s.Remedy == "" || !strings.HasPrefix(s.Detail, "rig.yaml") {
			t.Errorf("%+v", s)
		}
	}
	if status, r = checkJSON(t, "--config", "none.yaml"); status != fault.ExitUsage || len(r.Steps) != 1 {
		t.Errorf("exit %d, %+v", status, r)
	}
	if status, out, errs := sensord(t, "check", "--json", "--nonsense"); status != fault.ExitUsage || out != "" || !strings.Contains(errs, "unknown flag") {
		t.Errorf("exit %d, %q, %q", status, out, errs)
	}
}

// What others call themselves stays on its line, and says nothing to a terminal.
func TestCheckTellsForeignWordsSafely(t *testing.T) {
	var text, object bytes.Buffer
	for _, c := range []*checklist{{out: &text}, {out: &object, json: true}} {
		c.step("tls", time.Millisecond, "of \x1b[2Jkismet\nok    login\u009b", nil)
		c.step("login", 0, "", fault.New(fault.LinkAuth, "server \x07home", errors.New("no\r\nway")))
		c.warn("tls", time.Nanosecond, fault.LinkTLS, "a\tb", "")
		c.skip("server clock", "none")
		if err := c.end(); err == nil || fault.ExitLogin != c.status || c.failed != "login" {
			t.Errorf("%v, %d, %s", err, c.status, c.failed)
		}
	}
	const want = "ok    tls                1ms  of  [2Jkismet ok    login \n" +
		"FAIL  login                   server  home: no  way\n" +
		"                              give --user and --password, or an --apikey with the role datasource\n" +
		"warn  tls              100µs  a b\n" +
		"                              check the certificate, or name its CA with --ssl=CA.pem\n" +
		"skip  server clock            none\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if s := object.String(); strings.ContainsAny(s, "\x1b\u009b\x07") || strings.Contains(s, `\u001b`) {
		t.Error(s)
	}
}

// documentedCheck is the section of docs/operations.md on the check.
func documentedCheck(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Before it starts")
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// Every step that a golden file shows stands in the table of the document.
func TestCheckIsDocumented(t *testing.T) {
	section := documentedCheck(t)
	files, err := filepath.Glob("testdata/check*/*.view")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^(?:ok  |warn|FAIL|skip)  (\S+(?: \S+)?) {2,}`)
	steps := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			steps[m[1]] = true
		}
	}
	if len(steps) < 15 {
		t.Errorf("only %d steps in the golden files", len(steps))
	}
	for name := range steps {
		if !regexp.MustCompile("(?m)^\\|[^|]*`" + name + "`").MatchString(section) {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// The object in the document is one that a check could print.
func TestDocumentedReport(t *testing.T) {
	_, text, _ := strings.Cut(documentedCheck(t), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	var r checkReport
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	s := r.Steps[0]
	if s.Remedy != s.Code.Remedy() || r.Failed != s.Name || r.Exit != fault.Exit(fault.Newf(s.Code, "", "x")) {
		t.Errorf("%+v", r)
	}
}
