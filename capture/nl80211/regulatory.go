package nl80211

import (
	"context"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Everyone stands for all phys where a request asks for one.
const Everyone = -1

// Regulatory returns the rules that a phy obeys, or with [Everyone] those of
// all phys that have none of their own.
func (c *Client) Regulatory(ctx context.Context, phy int) (Regulatory, error) {
	op := fmt.Sprintf("look at the regulatory domain of phy %d", phy)
	if phy < 0 {
		op = "look at the regulatory domain"
	}
	messages, err := c.do(ctx, request{op: op, command: unix.NL80211_CMD_GET_REG, encode: func(ae *netlink.AttributeEncoder) {
		if phy >= 0 {
			ae.Uint32(unix.NL80211_ATTR_WIPHY, uint32(phy))
		}
	}})
	if err != nil {
		return Regulatory{}, err
	}
	if len(messages) != 1 {
		return Regulatory{}, &opError{op: op, err: fmt.Errorf("%d replies instead of one", len(messages))}
	}
	r, err := decodeRegulatory(messages[0].Data)
	if err != nil {
		return Regulatory{}, &opError{op: op, err: err}
	}
	return r, nil
}

// RequestRegulatory asks for the regulatory domain of a country, two capital
// letters, for all phys. The kernel agrees at once and changes it later, if its
// database has the country: wait for [RegulatoryChanged]. Nobody but the user
// may decide this.
func (c *Client) RequestRegulatory(ctx context.Context, alpha2 string) error {
	_, err := c.do(ctx, request{
		op:      "ask for the regulatory domain " + alpha2,
		command: unix.NL80211_CMD_REQ_SET_REG,
		encode:  func(ae *netlink.AttributeEncoder) { ae.String(unix.NL80211_ATTR_REG_ALPHA2, alpha2) },
	})
	return err
}

// decodeRegulatory decodes the answer to GET_REG.
func decodeRegulatory(data []byte) (Regulatory, error) {
	var r Regulatory
	err := attributes(data, func(ad *netlink.AttributeDecoder) error {
		switch ad.Type() {
		case unix.NL80211_ATTR_REG_ALPHA2:
			r.Alpha2 = ad.String()
		case unix.NL80211_ATTR_WIPHY:
			r.Own = true
		case unix.NL80211_ATTR_WIPHY_SELF_MANAGED_REG:
			r.SelfManaged = true
		}
		return nil
	})
	if err == nil && r.Alpha2 == "" {
		err = fmt.Errorf("a regulatory domain without a name")
	}
	return r, err
}
