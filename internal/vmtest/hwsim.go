//go:build linux

package vmtest

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
)

// Commands and attributes of the generic-netlink family MAC80211_HWSIM.
// Source: drivers/net/wireless/mac80211_hwsim.h
const (
	hwsimNewRadio = 4
	hwsimDelRadio = 5

	attrChannels   = 9
	attrRadioID    = 10
	attrRegHint    = 11
	attrRegStrict  = 13
	attrUseChanCtx = 15
	attrRadioName  = 17
	attrNoVIF      = 18
	attrPermAddr   = 22
)

// A control is a connection to mac80211_hwsim.
//
// Radios could be bound to it (HWSIM_ATTR_DESTROY_RADIO_ON_CLOSE = 16), but they
// would vanish when any netlink socket with its number is closed, of whatever
// family: those of a process all begin with its process number.
type control struct {
	*genetlink.Conn
	family genetlink.Family
}

func openControl() (*control, error) {
	conn, err := genetlink.Dial(nil)
	if err != nil {
		return nil, err
	}
	family, err := conn.GetFamily("MAC80211_HWSIM")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mac80211_hwsim: %w", err), conn.Close())
	}
	return &control{Conn: conn, family: family}, nil
}

// withControl calls do with a connection.
func withControl(do func(*control) error) error {
	c, err := openControl()
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.Close())
}

// create makes a radio and returns its number.
func (c *control) create(o RadioOptions) (int, error) {
	e := netlink.NewAttributeEncoder()
	e.Flag(attrNoVIF, o.NoInterface)
	e.Flag(attrUseChanCtx, o.ChanCtx)
	e.Flag(attrRegStrict, o.Strict)
	if o.Phy != "" {
		e.String(attrRadioName, o.Phy)
	}
	if o.Channels > 0 {
		e.Uint32(attrChannels, uint32(o.Channels))
	}
	if o.MAC != nil {
		e.Bytes(attrPermAddr, o.MAC)
	}
	if o.Country != "" {
		e.Bytes(attrRegHint, []byte(o.Country))
	}
	return c.do(hwsimNewRadio, e)
}

// remove deletes a radio.
func (c *control) remove(id int) error {
	e := netlink.NewAttributeEncoder()
	e.Uint32(attrRadioID, uint32(id))
	_, err := c.do(hwsimDelRadio, e)
	return err
}

// do sends a command and returns the number that the driver answers with: it
// says it where errors stand in an acknowledgement, negated, so that what the
// library takes for an error below zero is one.
func (c *control) do(command uint8, e *netlink.AttributeEncoder) (int, error) {
	data, err := e.Encode()
	if err != nil {
		return 0, err
	}
	_, err = c.Execute(genetlink.Message{Header: genetlink.Header{Command: command, Version: 1}, Data: data},
		c.family.ID, netlink.Request|netlink.Acknowledge)
	errno := syscall.Errno(0)
	if errors.As(err, &errno) {
		if number := -int(int32(errno)); number > 0 {
			return number, nil
		}
	}
	return 0, err
}
