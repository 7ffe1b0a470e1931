package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
)

func newListCommand(a *app) *cobra.Command {
	var asJSON, channels bool
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "Say what this machine can capture from",
		Long: `Say what this machine can capture from: its radios, each with its driver, its channels and why the others are
off, whether capture would work as things are, and what to do if not. Nothing is changed. The flag --list prints
the same as Kismet's tools do: to standard error, with exit status 2.`,
		Example: `  sensord list
  sensord list --json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.listTo(a.out, asJSON, channels) },
	}
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.BoolVar(&channels, "channels", false, "list every channel, by the name that channel= and channels= take")
		fs.BoolVar(&asJSON, "json", false, "print one JSON object, with every channel; its fields are in the guide and stay as they are")
	})
	return cmd
}

// A listing is what this machine can capture from.
type listing struct {
	devices []linuxwifi.Device
	err     error // why the radios are not known
}

// listTo writes the listing. Its error is that of asking for the radios, which
// the listing tells already.
func (a *app) listTo(w io.Writer, asJSON, channels bool) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	var l listing
	if l.devices, l.err = a.radios.list(ctx); fault.CodeOf(l.err) == fault.RadioMissing {
		l.err = nil // a machine without radios is no failure
	}
	var err error
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(l.json())
	} else {
		_, err = io.WriteString(w, l.text(channels))
	}
	if err == nil && l.err != nil {
		err = reported{fault.Exit(l.err)}
	}
	return err
}

// allChannels is what a radio has when no option leaves anything out.
func allChannels(d linuxwifi.Device) []capture.ListedChannel {
	return capture.ListChannels(d.Bands, capture.ChannelOptions{HT: true, VHT: true})
}

// listedRadio is a radio in the output of `sensord list --json`, which other
// programs read: a field is never renamed or removed.
type listedRadio struct {
	Interface string          `json:"interface"` // "" for a phy without one
	Index     int             `json:"index"`     // the kernel's number of the interface
	MAC       string          `json:"mac"`
	UUID      string          `json:"uuid"`
	Phy       string          `json:"phy"`
	PhyIndex  int             `json:"phy_index"`
	Driver    string          `json:"driver"`
	Bus       string          `json:"bus"`
	Mode      string          `json:"mode"`
	Up        bool            `json:"up"`
	Monitor   bool            `json:"monitor"`
	Channel   string          `json:"channel"` // that it is tuned to
	Captures  bool            `json:"captures"`
	Problems  []listedProblem `json:"problems"`
	Notes     []string        `json:"notes"`
	Bands     []listedBand    `json:"bands"`
}

type listedProblem struct {
	Code   fault.Code `json:"code"`
	What   string     `json:"what"`
	Remedy string     `json:"remedy"`
}

type listedBand struct {
	Band     string          `json:"band"`
	Channels []listedChannel `json:"channels"`
}

type listedChannel struct {
	Name      string `json:"name"`
	MHz       int    `json:"mhz"`        // of the control channel
	CenterMHz int    `json:"center_mhz"` // of the whole width
	WidthMHz  int    `json:"width_mhz"`
	Off       string `json:"off,omitempty"`
	Note      string `json:"note,omitempty"`
}

// listedMachine is the object as a whole.
type listedMachine struct {
	Radios []listedRadio  `json:"radios"`
	Error  *listedProblem `json:"error,omitempty"` // why the radios are not known
}

func (l listing) json() listedMachine {
	m := listedMachine{Radios: []listedRadio{}}
	if l.err != nil {
		m.Error = problemOf(l.err)
	}
	for _, d := range l.devices {
		r := listedRadio{
			Interface: d.Interface, Index: d.Index, MAC: macText(d.MAC), Phy: d.Phy, PhyIndex: d.PhyIndex,
			Driver: d.Driver, Bus: d.Bus, Mode: d.Mode, Up: d.Up, Monitor: d.Monitor,
			Captures: len(d.Problems) == 0,
			Problems: []listedProblem{}, Notes: append([]string{}, d.Notes...), Bands: []listedBand{},
		}
		if len(d.MAC) == 6 {
			r.UUID = capture.WifiUUID(d.MAC).String()
		}
		if !d.Channel.IsZero() {
			r.Channel = d.Channel.String()
		}
		for _, err := range d.Problems {
			r.Problems = append(r.Problems, *problemOf(err))
		}
		for _, b := range byBand(allChannels(d)) {
			band := listedBand{Band: b.band.String()}
			for _, c := range b.channels {
				center := c.Channel.CenterMHz
				if center == 0 {
					center = c.Channel.FreqMHz
				}
				band.Channels = append(band.Channels, listedChannel{
					Name: c.Name, MHz: c.Channel.FreqMHz, CenterMHz: center, WidthMHz: c.Channel.WidthMHz(), Off: c.Off, Note: c.Note,
				})
			}
			r.Bands = append(r.Bands, band)
		}
		m.Radios = append(m.Radios, r)
	}
	return m
}

func problemOf(err error) *listedProblem {
	return &listedProblem{Code: fault.CodeOf(err), What: err.Error(), Remedy: fault.RemedyOf(err)}
}

// macText writes a MAC address as Kismet does, in upper case.
func macText(mac []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", mac), " ", ":")
}
