package gpstest

import "time"

// A Model says what a receiver is like.
type Model struct {
	Name     string
	Interval time.Duration // between fixes
}

// Simulate lets receivers watch a truth.
func Simulate(t *Truth, models []Model, seed uint64) *Drive { panic("not yet") }

// At returns the truth at a time on CLOCK_BOOTTIME.
func (d *Drive) At(boottimeNs int64) State {
	return d.Truth.At(time.Duration(boottimeNs - d.BootNs))
}

// EndNs is when the drive ends, CLOCK_BOOTTIME.
func (d *Drive) EndNs() int64 { return d.BootNs + int64(d.Truth.Duration()) }

// Only returns the drive as if there were no receivers but the named ones.
func (d *Drive) Only(receivers ...string) *Drive { panic("not yet") }
