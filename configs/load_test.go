package configs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	wantLine = "-- want --\n"
	testKey  = "0123456789ABCDEF0123456789ABCDEF"

	// testCreds has what a file with credentials has, except for them.
	testCreds = "-----BEGIN NATS USER JWT-----\ne30\n------END NATS USER JWT------\n\n" +
		"-----BEGIN USER NKEY SEED-----\nSU\n------END USER NKEY SEED------\n"
)

// TestLoad reads every file of testdata/load: a configuration, and what a
// person reads about it.
func TestLoad(t *testing.T) {
	cases, err := filepath.Glob("testdata/load/*.txt")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	if configs.BusServer { // what takes a bus's server is a mistake without
		more, err := filepath.Glob("testdata/busserver/*.txt")
		if err != nil || len(more) == 0 {
			t.Fatalf("no golden files: %v", err)
		}
		cases = append(cases, more...)
	}
	for _, golden := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(golden), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			golden, err := filepath.Abs(golden)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(text), wantLine)
			machine(t)
			write(t, "rig.yaml", input, 0o644)
			here, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(describe(configs.Load("rig.yaml", nil, configs.Flags{})), here, "(here)")
			if *update {
				if err := os.WriteFile(golden, []byte(input+wantLine+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("of this configuration:\n%s(-want +got):\n%s", input, diff)
			}
		})
	}
}

// machine makes a directory with the files that the tests' configurations
// name, and goes there.
func machine(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "walk.pcap", "a capture", 0o644)
	write(t, "drive.pcapng", "another capture", 0o644)
	write(t, "home.key", testKey+"\n", 0o600)
	write(t, "open.key", testKey, 0o644)
	write(t, "password", "correct horse\r\n", 0o600)
	write(t, "empty.key", "\n", 0o600)
	write(t, "two-lines.key", "one\ntwo\n", 0o600)
	write(t, "ca.pem", certificate(t), 0o644)
	write(t, "text.pem", "no certificate", 0o644)
	webCert, webKey := keyPair(t)
	write(t, "web.pem", webCert, 0o644)
	write(t, "web.key", webKey, 0o600)
	write(t, "rover-1.creds", testCreds, 0o600)
	write(t, "open.creds", testCreds, 0o644)
	write(t, "web.token", "correct-horse-battery\n", 0o600)
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func certificate(t *testing.T) string {
	t.Helper()
	cert, _ := keyPair(t)
	return cert
}

func keyPair(t *testing.T) (cert, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// describe writes down all that a load answered.
func describe(l configs.Loaded, err error) string {
	var b strings.Builder
	for _, w := range l.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	if err != nil {
		fmt.Fprintf(&b, "%v\n", err)
		if code := fault.CodeOf(err); code != fault.ConfigInvalid || fault.Exit(err) != fault.ExitUsage {
			fmt.Fprintf(&b, "BUT code %s, exit %d\n", code, fault.Exit(err))
		}
		return b.String()
	}
	for _, s := range l.Settings {
		if s.Path == "rig" && s.From.String() == "default" {
			s.Value = "(host name)"
		}
		if s.Path == "state_dir" && s.From.String() == "default" {
			s.Value = "(root's)"
		}
		fmt.Fprintf(&b, "%s = %s (%s)\n", s.Path, s.Value, s.From)
	}
	return b.String()
}

func TestLoadReportsTheFileItself(t *testing.T) {
	machine(t)
	write(t, "large.yaml", strings.Repeat("# nothing\n", 120_000), 0o644)
	for _, tt := range []struct{ name, file, want string }{
		{"missing", "none.yaml", "none.yaml: no such file or directory; name the configuration with --config FILE"},
		{"directory", ".", ".: is a directory; name the configuration with --config FILE"},
		{"too large", "large.yaml", "large.yaml: it is larger than 1MiB; name the configuration with --config FILE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := configs.Load(tt.file, nil, configs.Flags{}); err == nil || err.Error() != tt.want {
				t.Errorf("Load(%q):\n got %v\nwant %s", tt.file, err, tt.want)
			}
		})
	}
}

func TestLoadRefusesAliasBomb(t *testing.T) {
	machine(t)
	var b strings.Builder
	b.WriteString("a: &a {" + strings.Repeat("x: y, ", 500) + "}\n")
	b.WriteString("sources:\n" + strings.Repeat("- {interface: walk.pcap, options: *a}\n", 500))
	write(t, "bomb.yaml", b.String(), 0o644)
	_, err := configs.Load("bomb.yaml", nil, configs.Flags{})
	if err == nil || !strings.Contains(err.Error(), "there are more than 20000 values, aliases included; write a shorter file") {
		t.Errorf("error does not name the bomb: %.300v", err)
	}
}

// The order is defaults, file, environment, flags.
func TestLaterPlacesWin(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", `rig: from-file
servers: [{url: "ws://file.example", apikey_file: home.key, protocol: v2}]
sources: [{interface: walk.pcap}]
gps: {receivers: [{type: fixed, lat: 1, lon: 2}]}
log: {level: warn}
`, 0o644)
	environ := []string{"SENSORD_RIG=from-environment", "SENSORD_PROTOCOL=auto", "SENSORD_URL=ws://environment.example", "SENSORD_LOG_FORMAT=", "HOME=/root"}
	flags := configs.Flags{Protocol: "v3", Sources: []string{"drive.pcapng:pps=10"}, FixedGPS: "0,0"}
	want := `rig = from-environment (SENSORD_RIG)
servers[0].protocol = v3 (--protocol)
servers[0].url = ws://environment.example:2501/datasource/remote/remotesource.ws (SENSORD_URL)
servers[0].name = environment.example:2501 (default)
servers[0].apikey = *** (rig.yaml:2)
sources[0] = drive.pcapng:pps=10 (--source)
sources[0].uuid = 4E1D07C3-0000-0000-0000-00001EE604C1 (--source)
gps.receivers[0].type = fixed (--fixed-gps)
gps.receivers[0].name = remote-fixed (default)
gps.receivers[0].position = 0,0 (--fixed-gps)
spool.memory = 16MiB (default)
log.level = warn (rig.yaml:5)
log.format = auto (default)
`
	if diff := cmp.Diff(want, describe(configs.Load("rig.yaml", environ, flags))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEnvironmentIsReportedByName(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", "servers: [{url: ws://k, apikey_file: home.key}]\nsources: [{interface: walk.pcap}]\n", 0o644)
	environ := []string{"SENSORD_APIKY=x", "SENSORD_LOG_LEVEL=loud", "SENSORD_PASSWORD=a", "SENSORD_PASSWORD_FILE=password", "SENSORD_TLS_CA=ca.pem"}
	got := describe(configs.Load("rig.yaml", environ, configs.Flags{}))
	want := `warning: rig.yaml:1: servers[0].apikey_file: the key is not used: user and password win; give one of the two
warning: SENSORD_APIKY: nothing reads this environment variable; did you mean SENSORD_APIKEY?
warning: SENSORD_TLS_CA: servers[0].tls.ca: it has no use without TLS, and does not turn TLS on; write wss:// in the url, or add --ssl
SENSORD_PASSWORD: servers[0].password: SENSORD_PASSWORD_FILE is set too; set one of the two
SENSORD_PASSWORD: servers[0].password_file: there is a password without a user; add --user NAME, or set SENSORD_USER
SENSORD_LOG_LEVEL: log.level: "loud" is no level; write debug, info, warn or error
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
