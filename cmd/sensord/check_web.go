package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// web tells whether positions can be posted to this machine, and with what.
func (c *gpsCheck) web(ctx context.Context, w configs.Web) {
	if w.Listen == "" {
		return
	}
	began, object := time.Now(), "web "+w.Listen
	c.about = object
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", w.Listen)
	took := time.Since(began)
	if err == nil {
		_ = l.Close()
		detail := w.Listen + " is free"
		if onlyHere(w.Listen) {
			detail += "; only programs of this machine reach it"
		}
		c.step("web", took, detail, nil)
	} else {
		c.webTaken(took, err, fault.New(fault.WebListen, object, innermost(err)))
	}
	if w.TokenFile == "" {
		return
	}
	detail, err := patiently(ctx, func() tokenStep { return findToken(w.TokenFile) })
	c.step("token", 0, detail.text, cmp.Or(err, detail.err))
}

// webTaken tells why the address cannot be listened on.
func (c *gpsCheck) webTaken(took time.Duration, cause, err error) {
	if errors.Is(cause, syscall.EADDRINUSE) {
		if step, ok := c.beside(err); ok {
			c.warn("web", took, step.code, step.text, step.remedy)
			return
		}
	}
	c.step("web", took, "", err)
}

// tokenStep is how the check of a token went.
type tokenStep struct {
	text string
	err  error
}

// findToken looks for the token, or whether one can be made.
func findToken(file string) tokenStep {
	object := "token file " + file
	text, err := os.ReadFile(file)
	switch {
	case err == nil && strings.TrimSpace(string(text)) == "":
		return tokenStep{err: fault.Newf(fault.WebToken, object, "it holds no token")}
	case err == nil:
		return tokenStep{text: "it is in " + file}
	case !errors.Is(err, fs.ErrNotExist):
		return tokenStep{err: fault.New(fault.WebToken, object, innermost(err))}
	}
	if dir, err := writable(filepath.Dir(file)); err != nil {
		return tokenStep{err: &fault.Error{
			Code: fault.WebToken, Object: object, Err: fmt.Errorf("it has to be made, and not in %s: %w", dir, err),
			Advice: "check as the user that sensord runs as; or name a directory of that user with state_dir (--state-dir, SENSORD_STATE_DIR), or a token with web: {token_file: FILE} or SENSORD_WEB_TOKEN_FILE",
		}}
	}
	return tokenStep{text: "it will be made, in " + file}
}

// writable returns the nearest directory that is there, and why nothing can be
// made in it.
func writable(dir string) (string, error) {
	for {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir):
			dir = filepath.Dir(dir)
			continue
		case err != nil:
			return dir, innermost(err)
		case !info.IsDir():
			return dir, syscall.ENOTDIR
		}
		return dir, unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
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
