// Package bpf decides which frames are captured: it turns one description into
// a classic BPF program for the kernel and a matcher in user space.
package bpf

import (
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
)

// A Spec says what is captured. The zero value keeps every frame but those
// with a bad checksum.
type Spec struct {
	Addresses    []radiotap.MAC // frames with one of these as RA, TA, SA or DA are dropped
	Mgmt         bool           // only management frames and unencrypted EAPOL
	TruncateData bool           // data frames are cut after their header, EAPOL is not
	KeepBadFCS   bool           // frames with a bad checksum are kept
	Rules        []Rule         // the first that matches decides, before Mgmt and TruncateData
}

// Locals says whose addresses a Spec still lacks: they have to be looked up
// and appended to Spec.Addresses.
type Locals struct {
	All        bool     // every interface of the machine
	Interfaces []string // these interfaces
}

// SpecOf reads the filter options of a definition.
func SpecOf(d capture.Definition) (Spec, Locals, error) { panic("soon") }
