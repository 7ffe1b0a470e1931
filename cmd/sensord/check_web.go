package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// web tells whether positions can be posted to this machine, and with what.
func (c *gpsCheck) web(ctx context.Context, w configs.Web) {
	if w.Listen == "" {
		return
	}
	began, object := time.Now(), "web "+w.Listen
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", w.Listen)
	took := time.Since(began)
	if err != nil {
		f := &fault.Error{Code: fault.WebListen, Object: object, Err: innermost(err)}
		if errors.Is(err, syscall.EADDRINUSE) {
			f.Advice = "if that is another sensord, nothing is wrong; else choose another address with web: {listen: HOST:PORT}"
		}
		c.step("web", took, "", f)
	} else {
		_ = l.Close()
		detail := w.Listen + " is free"
		if onlyHere(w.Listen) {
			detail += "; only programs of this machine reach it"
		}
		c.step("web", took, detail, nil)
	}
	if w.TokenFile == "" {
		return
	}
	switch _, err := os.ReadFile(w.TokenFile); {
	case err == nil:
		c.step("token", 0, "it is in "+w.TokenFile, nil)
	case errors.Is(err, fs.ErrNotExist):
		c.step("token", 0, "it will be made, in "+w.TokenFile, nil)
	default:
		c.step("token", 0, "", fault.New(fault.WebToken, "token file "+w.TokenFile, innermost(err)))
	}
}

// innermost is an error without what Go says around it: the object says it.
func innermost(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}

// postURL is where others post positions to. A web side that listens on every
// address is named as this machine is.
func postURL(w configs.Web, path string) string {
	scheme := "http://"
	if w.CertFile != "" {
		scheme = "https://"
	}
	host, port, _ := net.SplitHostPort(w.Listen)
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "localhost"
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return scheme + net.JoinHostPort(host, port) + path
}

func onlyHere(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
