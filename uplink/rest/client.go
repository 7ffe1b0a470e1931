// Package rest is a client of Kismet's REST.
package rest

import (
	"context"
	"crypto/tls"

	"github.com/sensord/sensord/gps"
)

// Options say which server, and how to log in to it.
type Options struct {
	URL      string // of the web side, with the proxy's prefix if there is one: "http://host:2501"
	User     string // with Password; wins over APIKey
	Password string
	APIKey   string
	TLS      *tls.Config // for https; nil is the system's
}

// A Client speaks to one server. Its methods may be called from any goroutine.
type Client struct{ o Options }

// New returns a client; it connects when it is asked something.
func New(o Options) (*Client, error) { return &Client{o}, nil }

// MetaGPS reports whether the server has a meta GPS of that name.
func (c *Client) MetaGPS(ctx context.Context, name string) (bool, error) {
	panic("rest: not built yet")
}

// CreateMetaGPS makes a meta GPS that serves only the sources that name it.
func (c *Client) CreateMetaGPS(ctx context.Context, name string) error { panic("rest: not built yet") }

// UpdateMetaGPS tells the server where the meta GPS of that name is.
func (c *Client) UpdateMetaGPS(ctx context.Context, name string, p gps.Position) error {
	panic("rest: not built yet")
}
