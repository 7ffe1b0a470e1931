package nl80211

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A Survey is what a radio has measured on one frequency since it was set up,
// or since the driver last began anew. Zero durations may mean that the driver
// does not measure.
type Survey struct {
	MHz      int
	InUse    bool          // tuned to it now
	NoiseDBm float64       // NaN if unknown
	Listened time.Duration // how long it was there
	Busy     time.Duration // of this, the channel was busy
	Received time.Duration // of this, it received
}

// Survey returns what the phy of an interface has measured, in the driver's
// order; nothing, or EOPNOTSUPP, from a driver that measures nothing.
func (c *Client) Survey(ctx context.Context, ifindex int) ([]Survey, error) {
	op := fmt.Sprintf("ask interface %d what it has measured", ifindex)
	messages, err := c.do(ctx, request{op: op, command: unix.NL80211_CMD_GET_SURVEY, dump: true, encode: func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_IFINDEX, uint32(ifindex))
	}})
	if err != nil {
		return nil, err
	}
	var list []Survey
	for _, m := range messages {
		s, err := decodeSurvey(m)
		if err != nil {
			return nil, &opError{op: op, err: err}
		}
		if s.MHz != 0 {
			list = append(list, s)
		}
	}
	return list, nil
}

// decodeSurvey decodes one NEW_SURVEY_RESULTS (enum nl80211_survey_info). The
// frequency is 0 in one that is about the whole radio.
func decodeSurvey(m genetlink.Message) (Survey, error) {
	s := Survey{NoiseDBm: math.NaN()}
	err := attributes(m.Data, func(ad *netlink.AttributeDecoder) error {
		if ad.Type() != unix.NL80211_ATTR_SURVEY_INFO {
			return nil
		}
		return nested(ad, func(ad *netlink.AttributeDecoder) error {
			switch ad.Type() {
			case unix.NL80211_SURVEY_INFO_FREQUENCY:
				return set(&s.MHz, ad)
			case unix.NL80211_SURVEY_INFO_NOISE:
				s.NoiseDBm = float64(ad.Int8())
			case unix.NL80211_SURVEY_INFO_IN_USE:
				s.InUse = true
			case unix.NL80211_SURVEY_INFO_TIME:
				s.Listened = milliseconds(ad.Uint64())
			case unix.NL80211_SURVEY_INFO_TIME_BUSY:
				s.Busy = milliseconds(ad.Uint64())
			case unix.NL80211_SURVEY_INFO_TIME_RX:
				s.Received = milliseconds(ad.Uint64())
			}
			return nil
		})
	})
	if err != nil {
		return Survey{}, err
	}
	return s, nil
}

// milliseconds returns n of them, at most what a Duration holds.
func milliseconds(n uint64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
}
