package nl80211

import (
	"errors"
	"fmt"
	"math"

	"github.com/mdlayher/netlink"
)

// What the decoders say of a reply that cannot be.
var (
	errMixed  = errors.New("the radios change faster than they can be listed")
	errNoPhy  = errors.New("a reply without a phy")
	errNoFreq = errors.New("a channel without a frequency")
)

// attributes calls fn for each attribute of b.
func attributes(b []byte, fn func(*netlink.AttributeDecoder) error) error {
	ad, err := netlink.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	return each(ad, fn)
}

// each calls fn for each of the attributes left in ad.
func each(ad *netlink.AttributeDecoder, fn func(*netlink.AttributeDecoder) error) error {
	for ad.Next() {
		if err := fn(ad); err != nil {
			return err
		}
	}
	return ad.Err()
}

// nested calls fn for each attribute inside of the current one.
func nested(ad *netlink.AttributeDecoder, fn func(*netlink.AttributeDecoder) error) error {
	ad.Nested(func(nad *netlink.AttributeDecoder) error { return each(nad, fn) })
	return ad.Err()
}

// number returns the current attribute, a u32, as an int that exists on every
// machine. The kernel keeps indexes in ints too.
func number(ad *netlink.AttributeDecoder) (int, error) {
	v := ad.Uint32()
	if err := ad.Err(); err != nil {
		return 0, err
	}
	if v > math.MaxInt32 {
		return 0, fmt.Errorf("attribute %d is %d, too large", ad.Type(), v)
	}
	return int(v), nil
}

// set stores a number in dst.
func set(dst *int, ad *netlink.AttributeDecoder) error {
	v, err := number(ad)
	if err == nil {
		*dst = v
	}
	return err
}
