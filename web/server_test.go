package web_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := newServer(t)
		l := newPipe()
		r := &rig{t: t, dial: l.dial}
		r.stop = serve(t, s, l)
		ws, _ := r.socket("/gps/web/update.ws", bearer())
		_ = l.Close()
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Error("the websocket goes on")
		}
		synctest.Wait()
		if err := r.stop(); fault.CodeOf(err) != fault.WebListen || err.Error() != "web 127.0.0.1:2510: "+net.ErrClosed.Error() {
			t.Errorf("error %v", err)
		}
	})
}

func TestRequestThatRunsIsAnsweredAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		c, err := r.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_, _ = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", update, token, len(full))
		synctest.Wait() // the handler reads the body
		stopped := make(chan error, 1)
		go func() { stopped <- r.stop() }()
		<-time.After(time.Second)
		_, _ = io.WriteString(c, full)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if err := <-stopped; err != nil || resp.StatusCode != 200 {
			t.Errorf("status %d, %v", resp.StatusCode, err)
		}
	})
}

func TestSlowClientsAreCutOff(t *testing.T) {
	const head = "POST " + update + " HTTP/1.1\r\nHost: x\r\n"
	for _, tt := range []struct {
		name string
		send string
		want time.Duration
	}{
		{"no request", "", web.ReadTimeout},
		{"half a header", head, web.ReadTimeout},
		{"half a body", head + "Authorization: Bearer " + token + "\r\nContent-Length: 100\r\n\r\n{", web.ReadTimeout},
		{"half a body, no login", head + "Content-Length: 100\r\n\r\n{", web.ReadTimeout},
		{"no further request", "GET /session/check_session HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n", web.IdleTimeout},
		{"no further request, no login", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := start(t).dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = c.Close() }()
				began := time.Now()
				_, _ = io.WriteString(c, tt.send)
				_, _ = io.Copy(io.Discard, c)
				if took := time.Since(began); took != tt.want {
					t.Errorf("cut off after %v, want %v", took, tt.want)
				}
			})
		})
	}
}

func TestHeaderIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bearer()
		h.Set("X-Long", strings.Repeat("x", 20<<10))
		if got := start(t).do(http.MethodPost, update, h, full); got.status != 431 {
			t.Errorf("status %d", got.status)
		}
	})
}

func TestTLS(t *testing.T) {
	s, fixes, _ := newServer(t)
	cert, pool := certificate(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{cert}}))
	trust := &tls.Config{RootCAs: pool}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}}
	req, err := http.NewRequest(http.MethodPost, "https://"+plain.Addr().String()+update, strings.NewReader(full))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = basic("joe", token)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 200 || len(resp.Cookies()) != 1 || !resp.Cookies()[0].Secure {
		t.Errorf("status %d, cookies %v", resp.StatusCode, resp.Cookies())
	}
	<-fixes
	d := websocket.Dialer{TLSClientConfig: trust}
	ws, _, err := d.Dial("wss://"+plain.Addr().String()+"/gps/web/update.ws", bearer())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(full)); err != nil {
		t.Fatal(err)
	}
	if _, body, err := ws.ReadMessage(); err != nil || string(body) != isOK {
		t.Errorf("%q, %v", body, err)
	}
	<-fixes

	// Plain HTTP, and garbage.
	c, err := net.Dial("tcp", plain.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
	if b, err := io.ReadAll(c); err != nil && !errors.Is(err, io.EOF) || !strings.HasPrefix(string(b), "HTTP/1.0 400") {
		t.Errorf("%q, %v", b, err)
	}
}

// certificate makes one for 127.0.0.1.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
