package uplink_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestCheckTellsEachStepToAServer(t *testing.T) {
	const readonly = "FEDCBA9876543210FEDCBA9876543210"
	tests := []struct {
		name    string
		profile kismettest.Profile
		change  func(*uplink.Server)
		steps   string
		code    fault.Code
	}{
		{"2025", kismettest.T25, func(*uplink.Server) {}, "resolve ok, connect ok, http ok, login ok, protocol ok", ""},
		{"2023", kismettest.T23, func(*uplink.Server) {}, "resolve ok, connect ok, http ok, login ok, protocol ok, protocol ok", ""},
		{"another protocol", kismettest.T23, func(s *uplink.Server) { s.Protocol = kismet.V3 }, "resolve ok, connect ok, http ok, login ok, protocol link.protocol", fault.LinkProtocol},
		{"role", kismettest.T25, func(s *uplink.Server) { s.APIKey = readonly }, "resolve ok, connect ok, http ok, login link.auth", fault.LinkAuth},
		{"path", kismettest.T25, func(s *uplink.Server) { s.Path = "/kismet" + s.Path }, "resolve ok, connect ok, http link.endpoint", fault.LinkEndpoint},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := kismettest.Start(kismettest.Config{Profile: tt.profile, APIKeys: map[string]string{
				apiKey: kismettest.RoleDatasource, readonly: kismettest.RoleReadonly,
			}})
			defer srv.Close()
			addr, err := net.ResolveTCPAddr("tcp", srv.Addr)
			if err != nil {
				t.Fatal(err)
			}
			server := uplink.Server{Host: "127.0.0.1", Port: addr.Port, Path: kismettest.EndpointPath, APIKey: apiKey}
			tt.change(&server)
			var steps []string
			err = uplink.Check(t.Context(), server, "", func(s uplink.Step) {
				how := "ok"
				if s.Err != nil {
					how = string(fault.CodeOf(s.Err))
				}
				steps = append(steps, s.Name+" "+how)
			})
			if got := strings.Join(steps, ", "); got != tt.steps || fault.CodeOf(err) != tt.code {
				t.Errorf("%v\n got %s\nwant %s", err, got, tt.steps)
			}
			if n := len(srv.Sources()); n != 0 {
				t.Errorf("the server knows %d sources of a check", n)
			}
		})
	}
}

func TestCheckFailsWhereNothingAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().(*net.TCPAddr)
	var names []string
	err = uplink.Check(t.Context(), uplink.Server{Host: "127.0.0.1", Port: addr.Port, TCP: true}, "", func(s uplink.Step) {
		names = append(names, fmt.Sprint(s.Name, " ", s.Err == nil))
	})
	if fault.CodeOf(err) != fault.LinkTimeout {
		t.Errorf("a port that never says a word: %v", err)
	}
	if got := strings.Join(names, ", "); got != "resolve true, connect true, protocol false" {
		t.Errorf("steps: %s", got)
	}
}
