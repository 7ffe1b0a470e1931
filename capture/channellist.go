package capture

// ChannelOptions say which channels a source lists and hops over.
type ChannelOptions struct {
	HT, VHT, DefaultHT20, ExpandHT20 bool
	Bands                            []Band // nil is all
	Only, Add, Block                 []string
}

// ListedChannel is a channel of a radio.
type ListedChannel struct {
	Channel Channel
	Name    string
	Off     string // why it cannot be used, "" if it can
	Note    string // "radar", "no transmission"
}

// ParseChannelOptions reads the channel options of a definition.
func ParseChannelOptions(d Definition) (ChannelOptions, error) { panic("not yet") }

// ListChannels returns a radio's channels.
func ListChannels(bands []BandCapability, o ChannelOptions) []ListedChannel { panic("not yet") }

// Tunable returns nil, or why the radio cannot be tuned to c.
func Tunable(bands []BandCapability, c Channel) error { panic("not yet") }

// HopList returns the channels that a source hops over by its definition.
func HopList(listed []ListedChannel, o ChannelOptions) ([]Channel, []error) { panic("not yet") }
