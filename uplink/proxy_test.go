package uplink

import (
	"crypto/tls"
	"strings"
	"testing"

	"golang.org/x/net/http/httpproxy"

	"github.com/sensord/sensord/internal/fault"
)

func TestEnvironmentSaysWhichProxy(t *testing.T) {
	env := httpproxy.Config{
		HTTPProxy: "http://plain.proxy:8080", HTTPSProxy: "http://rover:s3cret@tls.proxy:3128",
		NoProxy: "lan.example, 192.0.2.0/24",
	}
	tests := []struct {
		name   string
		env    httpproxy.Config
		server Server
		want   string // URL and user
	}{
		{"ws", env, Server{Host: "kismet.example", Port: 2501}, "http://plain.proxy:8080 "},
		{"wss", env, Server{Host: "kismet.example", Port: 443, TLS: &tls.Config{}}, "http://tls.proxy:3128 rover"},
		{"tcp", env, Server{Host: "kismet.example", Port: 3501, TCP: true}, "http://tls.proxy:3128 rover"},
		{"left out by name", env, Server{Host: "a.lan.example", Port: 2501}, ""},
		{"left out by address", env, Server{Host: "192.0.2.8", Port: 2501}, ""},
		{"this machine", env, Server{Host: "localhost", Port: 2501}, ""},
		{"this machine by address", env, Server{Host: "::1", Port: 2501}, ""},
		{"no environment", httpproxy.Config{}, Server{Host: "kismet.example", Port: 2501}, ""},
		{"without a scheme", httpproxy.Config{HTTPProxy: "proxy:3128"}, Server{Host: "kismet.example", Port: 2501}, "http://proxy:3128 "},
		{"default ports", httpproxy.Config{HTTPProxy: "https://proxy"}, Server{Host: "kismet.example", Port: 2501}, "https://proxy:443 "},
		{"IPv6", httpproxy.Config{HTTPProxy: "http://[2001:db8::1]:3128"}, Server{Host: "2001:db8::2", Port: 2501}, "http://[2001:db8::1]:3128 "},
		{"a web server's child", httpproxy.Config{HTTPProxy: "http://proxy", CGI: true}, Server{Host: "kismet.example", Port: 2501}, "http://proxy:80 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := proxyFrom(&tt.env, &tt.server)
			got := ""
			if p != nil {
				got = p.URL() + " " + p.User
			}
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestProxyThatCannotBeReadIsAnErrorWithoutItsLogin(t *testing.T) {
	for _, value := range []string{"socks5://rover:s3cret@proxy:1080", "http://rover:s3cret@:3128", "http://rover:s3cret@proxy:0", "http://rover:s3cret@proxy:99999", "http://rover:s3%cret@proxy"} {
		_, err := proxyFrom(&httpproxy.Config{HTTPProxy: value}, &Server{Host: "kismet.example", Port: 2501})
		if fault.CodeOf(err) != fault.ConfigInvalid || strings.Contains(err.Error(), "s3") || !strings.Contains(err.Error(), "HTTP_PROXY") {
			t.Errorf("%s: %v", value, err)
		}
		if p, err := ParseProxy(value); err == nil || strings.Contains(err.Error(), "s3") {
			t.Errorf("%s: %v, %v", value, p, err)
		}
	}
}

func FuzzParseProxy(f *testing.F) {
	for _, s := range []string{"http://proxy:3128", "https://u:p@[::1]:1", "http://", "socks5://x", "http://a:b:c", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseProxy(text)
		if (p == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", text, p, err)
		}
		if p != nil && (p.Port < 1 || p.Port > 65535 || p.Host == "") {
			t.Fatalf("%q: %+v", text, p)
		}
	})
}
