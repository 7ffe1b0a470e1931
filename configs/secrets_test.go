package configs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sensord/sensord/configs"
)

func TestCredentialsOfALaterPlaceWin(t *testing.T) {
	machine(t)
	write(t, "login.yaml", `servers: [{url: "ws://k.example", user: alice, password_file: password}]
sources: [{interface: walk.pcap}]
`, 0o644)
	write(t, "key.yaml", `servers: [{url: "ws://k.example", apikey_file: home.key}]
sources: [{interface: walk.pcap}]
`, 0o644)
	for _, tt := range []struct {
		name, file    string
		environ       []string
		flags         configs.Flags
		user, pw, key string
		warn          string
	}{
		{name: "file", file: "login.yaml", user: "alice", pw: "correct horse"},
		{name: "password from the environment", file: "login.yaml", environ: []string{"SENSORD_PASSWORD=battery"}, user: "alice", pw: "battery"},
		{
			name: "password file from the environment", file: "login.yaml", environ: []string{"SENSORD_PASSWORD_FILE=open.key"}, user: "alice", pw: testKey,
			warn: "SENSORD_PASSWORD_FILE: servers[0].password_file: everybody on this machine can read open.key; chmod o= open.key",
		},
		{
			name: "key of the environment over the file's login", file: "login.yaml", environ: []string{"SENSORD_APIKEY=KEY"}, key: "KEY",
			warn: "SENSORD_APIKEY: servers[0].apikey_file: the key is used, and not the user and password of an earlier place; give one of the two",
		},
		{
			name: "login of the environment over the file's key", file: "key.yaml", environ: []string{"SENSORD_USER=bob", "SENSORD_PASSWORD=battery"}, user: "bob", pw: "battery",
			warn: "key.yaml:1: servers[0].apikey_file: the key is not used: user and password win; give one of the two",
		},
		{
			name: "key of a flag over the file's key", file: "key.yaml", flags: configs.Flags{APIKey: "KEY"}, key: "KEY",
			warn: "--apikey: every user of this machine could see the secret until sensord erased it from its command line; use SENSORD_APIKEY, or apikey_file in a configuration",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := configs.Load(tt.file, tt.environ, tt.flags)
			if err != nil {
				t.Fatal(err)
			}
			s := l.Config.Servers[0]
			if s.User != tt.user || s.Password.Reveal() != tt.pw || s.APIKey.Reveal() != tt.key {
				t.Errorf("login %q %q, key %q; want %q %q, %q", s.User, s.Password.Reveal(), s.APIKey.Reveal(), tt.user, tt.pw, tt.key)
			}
			var warnings []string
			for _, w := range l.Warnings {
				warnings = append(warnings, w.String())
			}
			if got := strings.Join(warnings, "\n"); got != tt.warn {
				t.Errorf("warnings:\n got %s\nwant %s", got, tt.warn)
			}
		})
	}
}

func TestRESTCredentialsOfALaterPlaceWin(t *testing.T) {
	machine(t)
	const (
		front = `servers: [{url: "ws://k.example", apikey_file: home.key, rest: {`
		back  = "}}]\nsources: [{interface: walk.pcap}]\n"
	)
	write(t, "login.yaml", front+"user: alice, password_file: password"+back, 0o644)
	write(t, "key.yaml", front+"apikey_file: open.key"+back, 0o600)
	for _, tt := range []struct {
		name, file    string
		environ       []string
		user, pw, key string
		warn          string
	}{
		{name: "file", file: "login.yaml", user: "alice", pw: "correct horse"},
		{
			name: "key of the environment over the file's login", file: "login.yaml", environ: []string{"SENSORD_REST_APIKEY=KEY"}, key: "KEY",
			warn: "SENSORD_REST_APIKEY: servers[0].rest.apikey_file: the key is used, and not the user and password of an earlier place; give one of the two",
		},
		{
			name: "login of the environment over the file's key", file: "key.yaml", environ: []string{"SENSORD_REST_USER=bob", "SENSORD_REST_PASSWORD=battery"}, user: "bob", pw: "battery",
			warn: "key.yaml:1: servers[0].rest.apikey_file: the key is not used: user and password win; give one of the two",
		},
		{
			name: "both of the environment", file: "key.yaml", environ: []string{"SENSORD_REST_USER=bob", "SENSORD_REST_PASSWORD=battery", "SENSORD_REST_APIKEY=KEY"}, user: "bob", pw: "battery",
			warn: "SENSORD_REST_APIKEY: servers[0].rest.apikey_file: the key is not used: user and password win; give one of the two",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := configs.Load(tt.file, tt.environ, configs.Flags{})
			if err != nil {
				t.Fatal(err)
			}
			want := configs.REST{URL: "http://k.example:2501", User: tt.user, Password: configs.Secret(tt.pw), APIKey: configs.Secret(tt.key)}
			if l.Config.Servers[0].REST != want {
				t.Errorf("got %#v", l.Config.Servers[0].REST)
			}
			var warnings []string
			for _, w := range l.Warnings {
				if !strings.Contains(w.What, "everybody on this machine can read") {
					warnings = append(warnings, w.String())
				}
			}
			if got := strings.Join(warnings, "\n"); got != tt.warn {
				t.Errorf("warnings:\n got %s\nwant %s", got, tt.warn)
			}
		})
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	machine(t)
	l, err := configs.FromFlags(configs.Flags{Connect: "k", User: "alice", Password: "hunter2", Sources: []string{"walk.pcap"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", l, l, l), describe(l, err)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("the password stands in %s", text)
		}
	}
	if got := l.Config.Servers[0].Password.Reveal(); got != "hunter2" {
		t.Errorf("password is %q", got)
	}
}
