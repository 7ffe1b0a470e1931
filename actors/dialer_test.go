package actors_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// ownPair writes a certificate and its key.
func ownPair(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rover-1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "own.crt"), filepath.Join(dir, "own.key")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestDialersAreOfAllServersInTheirOrder(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://rover:s3cret@plain.proxy:8080")
	t.Setenv("HTTPS_PROXY", "https://tls.proxy")
	t.Setenv("NO_PROXY", "lan.example")
	certFile, keyFile := ownPair(t, t.TempDir())
	cfg := configs.Config{Servers: []configs.Server{
		{Name: "home", Host: "kismet.example", Port: 443, TLS: true, CertFile: certFile, KeyFile: keyFile, CAFile: certFile},
		{Name: "lan", Host: "kismet.lan.example", Port: 2501},
		{Name: "plain", Host: "kismet.example", Port: 2501},
		{Name: "none", Host: "kismet.example", Port: 2501, Proxy: configs.Proxy{Mode: configs.ProxyNone}},
		{Name: "own", Host: "127.0.0.1", Port: 3501, Transport: configs.TransportTCP, Proxy: configs.Proxy{
			Mode: configs.ProxyURL, URL: "http://own.proxy:3128", User: "sensor", Password: "pass word",
		}},
	}}
	dialers, err := actors.NewDialers(cfg, "1.2")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range dialers {
		line := d.Server.Name + " over " + d.Server.FirstHop()
		if p := d.Server.Proxy; p != nil {
			line += " " + p.URL() + " " + p.User + ":" + p.Password
		}
		got = append(got, line)
	}
	want := []string{
		"home over tls.proxy https://tls.proxy:443 :", "lan over kismet.lan.example", "plain over plain.proxy http://plain.proxy:8080 rover:s3cret",
		"none over kismet.example", "own over own.proxy http://own.proxy:3128 sensor:pass word",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if home := dialers[0].Server; len(home.TLS.Certificates) != 1 || home.Proxy.TLS.RootCAs == nil || dialers[0].UserAgent != "sensord/1.2" {
		t.Errorf("certificates %d, proxy %+v, agent %q", len(home.TLS.Certificates), home.Proxy.TLS, dialers[0].UserAgent)
	}
}

func TestWhatADialerCannotUseIsNamed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := ownPair(t, dir)
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		env    string
		server configs.Server
		want   string
	}{
		{"no such CA", "", configs.Server{TLS: true, CAFile: filepath.Join(dir, "gone")}, "CA file: open "},
		{"CA without a certificate", "", configs.Server{TLS: true, CAFile: text}, "holds no certificate"},
		{"no such certificate", "", configs.Server{TLS: true, CertFile: filepath.Join(dir, "gone"), KeyFile: keyFile}, "client certificate "},
		{"a key that is none", "", configs.Server{TLS: true, CertFile: certFile, KeyFile: text}, "client certificate "},
		{"a key of another certificate", "", configs.Server{TLS: true, CertFile: certFile, KeyFile: otherKey(t)}, "private key does not match"},
		{"proxy of another kind", "", configs.Server{Proxy: configs.Proxy{Mode: configs.ProxyURL, URL: "socks5://proxy:1080"}}, "proxy of server home: not of the form http://"},
		{"proxy of the environment of another kind", "socks5://rover:s3cret@proxy:1080", configs.Server{}, "HTTP_PROXY of the environment: not of the form http://"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("HTTP_PROXY", tt.env)
			t.Setenv("http_proxy", "")
			tt.server.Name, tt.server.Host, tt.server.Port = "home", "kismet.example", 2501
			_, err := actors.NewDialers(configs.Config{Servers: []configs.Server{tt.server}}, "")
			if fault.CodeOf(err) != fault.ConfigInvalid || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v (%s), want %q", err, fault.CodeOf(err), tt.want)
			}
			if fault.RemedyOf(err) == "" {
				t.Error("no remedy")
			}
		})
	}
}

func otherKey(t *testing.T) string {
	t.Helper()
	_, keyFile := ownPair(t, t.TempDir())
	return keyFile
}
