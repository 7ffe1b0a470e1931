// Package bpf decides which frames are captured, and how much of them: it
// turns one description, a Spec, into a classic BPF program for the kernel and
// a matcher for user space.
//
// The kernel's part never drops or cuts what the whole would not: it does the
// ordinary frames, as far as its program may be long, and passes the others on.
// Keep always does the whole. So a frame is treated alike wherever the line
// between the two runs, and while a program is exchanged.
//
// # What a Spec does with a frame
//
// In this order:
//
//  1. A frame whose radiotap header or frame control field cannot be read is
//     kept whole: a filter drops only what it understands.
//  2. A bad checksum drops it, unless Spec.KeepBadFCS.
//  3. One of Spec.Addresses as RA, TA, SA or DA drops it.
//  4. The first of Spec.Rules that matches decides.
//  5. With Spec.Mgmt, management frames and unencrypted EAPOL go on, others
//     are dropped.
//  6. With Spec.TruncateData, data frames are cut behind their 802.11 header,
//     unencrypted EAPOL is not. Management and control frames stay whole:
//     "truncate data" says nothing of them.
//  7. What is left is kept whole.
//
// A cut frame keeps its original length, which travels beside it. Only link
// types radiotap and plain 802.11 are looked into; frames of others are kept.
//
// A Spec and a Program are plain values that hold no resources; a Program is
// safe for concurrent use.
package bpf

import (
	"slices"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/fault"
)

// A Spec says what is captured. The zero value keeps every frame but those
// with a bad checksum. All of it can be combined.
type Spec struct {
	Addresses    []radiotap.MAC // frames with one of these as RA, TA, SA or DA are dropped
	Mgmt         bool           // only management frames and unencrypted EAPOL
	TruncateData bool           // data frames are cut behind their header, EAPOL is not
	KeepBadFCS   bool           // frames with a bad checksum are kept
	Rules        []Rule         // the first that matches decides, before Mgmt and TruncateData
}

// Locals says whose addresses a Spec still lacks: they have to be looked up,
// followed as they change, and appended to Spec.Addresses.
type Locals struct {
	All        bool     // every interface of the machine
	Interfaces []string // these interfaces; each once
}

// None reports whether there is nothing to look up.
func (l Locals) None() bool { return !l.All && len(l.Interfaces) == 0 }

// SpecOf reads the filter options of a definition: filter_locals,
// filter_interface, filter_address, filter_mgmt, truncate_data and fcsfail.
//
// filter_interface and filter_address may repeat, and may each be a list with
// commas, plus signs, semicolons or blanks between its items: Kismet's server
// leaves only the last of an option that repeats. Nothing is refused for being
// combined. An address that is none is a *fault.Error with the code
// fault.ConfigSource.
func SpecOf(d capture.Definition) (Spec, Locals, error) {
	s := Spec{
		Mgmt:         d.Bool("filter_mgmt", false),
		TruncateData: d.Bool("truncate_data", false),
		KeepBadFCS:   d.Bool("fcsfail", false),
	}
	for _, text := range items(d, "filter_address") {
		mac, err := radiotap.ParseMAC(text)
		if err != nil {
			return Spec{}, Locals{}, &fault.Error{
				Code: fault.ConfigSource, Object: "source " + d.Interface + ", filter_address", Err: err,
				Advice: "write addresses as in filter_address=00:1A:2B:3C:4D:5E+02:00:00:00:00:01",
			}
		}
		if !slices.Contains(s.Addresses, mac) {
			s.Addresses = append(s.Addresses, mac)
		}
	}
	l := Locals{All: d.Bool("filter_locals", false), Interfaces: items(d, "filter_interface")}
	return s, l, nil
}

// items returns the items of all lists that the option has, each once.
func items(d capture.Definition, option string) []string {
	var all []string
	for _, list := range d.Values(option) {
		for _, item := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(",+; ", r) }) {
			if !slices.Contains(all, item) {
				all = append(all, item)
			}
		}
	}
	return all
}
