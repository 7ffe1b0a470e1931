package bus

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// stream is a connection that only sends.
type stream struct {
	net.Conn
	io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }
func (stream) Close() error                 { return nil }

func guarding(r io.Reader) *guard {
	return &guard{Conn: stream{Reader: r}, closed: make(chan struct{})}
}

func TestWhatAServerMaySend(t *testing.T) {
	long := strings.Repeat("x", maxLine-3)
	for _, tt := range []struct {
		name, sent string
		want       error
	}{
		{"nothing", "", nil},
		{"what servers say", "INFO {}\r\nPING\r\nPONG\r\n+OK\r\n", nil},
		{"messages", "MSG a.b 1 5\r\nMSG\r\n\r\nMSG a 2 reply 0\r\n\r\nHMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPING\r\n", nil},
		{"tabs", "MSG\ta\t1\t2\r\nhi\r\n", nil},
		{"half a message", "MSG a 1 5\r\nhe", nil},
		{"half a line", "INFO {", nil},
		{"the longest line", "+" + long + "\r\n", nil},
		{"a longer one", "+x" + long + "\r\n", errLine},
		{"one without an end", strings.Repeat("x", maxLine+1), errLine},
		{"the largest message", "MSG a 1 8388608\r\n", nil},
		{"a larger one", "MSG a 1 8388609\r\n", errMessage},
		{"a larger one with a header", "HMSG a 1 12 8388609\r\n", errMessage},
		{"more than there are numbers", "MSG a 1 99999999999999999999999\r\n", errMessage},
		{"what makes an index negative", "MSG a 1 9223372036854775807\r\n", errMessage},
		{"less than nothing", "MSG a 1 -5\r\n", errFormat},
		{"no size", "MSG a b c\r\n", errFormat},
		{"more than was announced", "MSG a 1 2\r\nmore\r\n", errFormat},
		// The client takes the next line for the end of the message.
		{"a message without its end", "MSG a 1 2\r\nhi\nMSG a 1 2\r\nhi\r\n", errFormat},
		// The client takes the size to be another one, as the line comes in pieces.
		{"the end within a line", "MSG a 1 1\r2\r\n", errFormat},
		{"a line without its end", "PING\n", errFormat},
		{"an empty line", "\r\n", errFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.sent), iotest.OneByteReader(strings.NewReader(tt.sent))} {
				got, err := io.ReadAll(guarding(r))
				if !errors.Is(err, tt.want) || err == nil && string(got) != tt.sent || !strings.HasPrefix(tt.sent, string(got)) {
					t.Errorf("%d of %d bytes, %v", len(got), len(tt.sent), err)
				}
			}
		})
	}
}

// However a server objects, the client has the time to say so.
func TestObjectionsAreReadSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const objection = "-ERR 'no'\r\n"
		g := guarding(strings.NewReader(strings.Repeat(objection, 1000)))
		begun := time.Now()
		if n, err := io.ReadFull(g, make([]byte, 500*len(objection))); err != nil || time.Since(begun) != 500*objectionPause {
			t.Errorf("%d bytes in %v, %v", n, time.Since(begun), err)
		}
		ended := make(chan error)
		go func() {
			_, err := g.Read(make([]byte, 500*len(objection)))
			ended <- err
		}()
		synctest.Wait()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) || time.Since(begun) != 500*objectionPause {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// The client and the guard agree on where a message ends only if it does not
// matter in which pieces it comes.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{
		"INFO {}\r\nPING\r\n", "MSG a 1 5\r\nhello\r\n", "HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "MSG a 1 99999999999999999999\r\n",
		"MSG a 1 1\r2\r\n", "MSG a 1 2\r\nhi\nPING\r\n", "+OK\r\n\r\n",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, sent []byte, cut int) {
		whole, pieces := guarding(nil), guarding(nil)
		_, want := whole.follow(sent)
		cut = min(max(cut, 1), 1<<10)
		var got error
		for rest := sent; len(rest) > 0 && got == nil; {
			n := min(cut, len(rest))
			_, got = pieces.follow(bytes.Clone(rest[:n]))
			rest = rest[n:]
			if len(pieces.line) > maxLine || pieces.skip > maxIncoming || pieces.skip < 0 {
				t.Fatalf("%d of a line, %d of a message", len(pieces.line), pieces.skip)
			}
		}
		if !errors.Is(got, want) || got == nil && (whole.skip != pieces.skip || whole.tail != pieces.tail || !bytes.Equal(whole.line, pieces.line)) {
			t.Errorf("%v in pieces, %v at once", got, want)
		}
	})
}
