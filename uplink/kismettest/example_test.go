package kismettest_test

import (
	"context"
	"fmt"
	"net"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A sensor announces a source over the legacy transport, opens it and sends one
// frame.
func Example() {
	srv := kismettest.Start(kismettest.Config{Profile: kismettest.T25})
	defer srv.Close()

	c, err := net.Dial("tcp", srv.TCPAddr)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()
	const uuid = "5FE308BD-0000-0000-0000-020000000001"
	for i, m := range []kismet.Message{
		kismet.NewSource{Definition: "x.pcap:name=roof", Type: "pcapfile", UUID: uuid},
		kismet.OpenReport{Seq: 1, OK: true, LinkType: 127, UUID: uuid}, // the server's OPENREQ has number 1
		kismet.Data{Packet: &kismet.Packet{LinkType: 127, Content: []byte("frame")}},
	} {
		if _, err := c.Write(kismet.Append(nil, kismet.V3, uint32(i+1), m)); err != nil {
			fmt.Println(err)
			return
		}
	}

	err = srv.Wait(context.Background(), func(s *kismettest.Server) bool { return len(s.Frames(uuid)) == 1 })
	src, _ := srv.Source(uuid)
	fmt.Printf("%s: %q %v\n", src.Name, srv.Frames(uuid)[0].Content, err)
	// Output: roof: "frame" <nil>
}
