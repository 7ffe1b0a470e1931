// Package kismettest is a Kismet server in memory: for tests of whatever talks
// to Kismet, and for the demo command. It is used as net/http/httptest is:
//
//	srv := kismettest.Start(kismettest.Config{Profile: kismettest.T25})
//	defer srv.Close()
//	// a sensor connects to srv.Addr (websocket) or srv.TCPAddr (legacy TCP)
//	err := srv.Wait(ctx, func(s *kismettest.Server) bool {
//		src, _ := s.Source(uuid)
//		return src.Frames == 10
//	})
//
// New makes a server without sockets. Its DialContext and DialTCP return one
// end of a net.Pipe, so that whole sessions run inside testing/synctest, on its
// clock:
//
//	srv := kismettest.New(kismettest.Config{})
//	defer srv.Close()
//	dialer := websocket.Dialer{NetDialContext: srv.DialContext}
//
// It is as strict as the real servers are, and a little stricter where those
// would silently lose something: what a sensor must not send ends its session,
// with the reason in Source.Error or Server.Rejected. It does nothing with the
// frames beyond keeping and counting them, and saying of each where a server
// puts it.
//
// Faults break it on purpose. All methods may be called from any goroutine at
// any time, except where a callback's comment says otherwise. Close waits for
// every goroutine of the server.
package kismettest
