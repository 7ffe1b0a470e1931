package gpsd

import (
	"context"
	"net"
)

// Dial gives the client a connection to talk to.
func (c *Client) Dial(conn net.Conn) {
	c.dial = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
}

// Refuse gives the client an error in the place of a connection.
func (c *Client) Refuse(err error) {
	c.dial = func(context.Context, string, string) (net.Conn, error) { return nil, err }
}

// MaxLine is the longest line that is read.
const MaxLine = maxLine
