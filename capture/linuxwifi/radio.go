package linuxwifi

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
)

// A Radio is an open radio: an interface in monitor mode that frames are read
// from.
type Radio struct{}

// Open brings the radio up. Errors are *fault.Error with a radio code, and
// leave everything as it was.
func Open(ctx context.Context, o Options) (*Radio, error) { panic("skeleton") }

// ReadBatch waits for frames.
func (r *Radio) ReadBatch(ctx context.Context) (*capture.Batch, error) { panic("skeleton") }

// Tune sets the channel.
func (r *Radio) Tune(ctx context.Context, c capture.Channel) error { panic("skeleton") }

// Tuned returns the channel.
func (r *Radio) Tuned() capture.Channel { panic("skeleton") }

// Channels returns what the radio can be tuned to.
func (r *Radio) Channels() []capture.ListedChannel { panic("skeleton") }

// Details says what the radio is.
func (r *Radio) Details() Details { panic("skeleton") }

// SetFilter replaces the filter.
func (r *Radio) SetFilter(p *bpf.Program) error { panic("skeleton") }

// Close undoes what Open changed.
func (r *Radio) Close() error { panic("skeleton") }

// List returns the machine's Wi-Fi interfaces.
func List(ctx context.Context) ([]Device, error) { panic("skeleton") }

// Check looks whether Open would work, and changes nothing.
func Check(ctx context.Context, o Options) (Device, error) { panic("skeleton") }

// Restore undoes what killed runs left.
func Restore(ctx context.Context, stateDir string, log *slog.Logger) error { panic("skeleton") }

// Addresses returns every interface's name and MAC address.
func Addresses(ctx context.Context) ([]LinkAddress, error) { panic("skeleton") }

// WatchAddresses calls f with the addresses now and at each change.
func WatchAddresses(ctx context.Context, f func([]LinkAddress)) error { panic("skeleton") }

// UplinkIsWifi says whether the way to the server goes over Wi-Fi.
func UplinkIsWifi(ctx context.Context, server netip.Addr) (iface string, wifi bool) {
	panic("skeleton")
}
