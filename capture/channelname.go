package capture

// ParseChannel reads a channel as Kismet's users write it.
func ParseChannel(s string) (Channel, error) { panic("not yet") }

// String returns the name.
func (c Channel) String() string { panic("not yet") }

// Number returns the channel's number in its band, 0 for none.
func (c Channel) Number() int { panic("not yet") }

// Band returns the band.
func (c Channel) Band() Band { panic("not yet") }

// WidthMHz returns the width in MHz.
func (c Channel) WidthMHz() int { panic("not yet") }

// String returns the band's name.
func (b Band) String() string { panic("not yet") }

// Channel returns the 20 MHz channel at f.
func (f Frequency) Channel() Channel { return Channel{FreqMHz: f.MHz} }
