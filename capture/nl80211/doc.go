// Package nl80211 speaks with the kernel about Wi-Fi radios: what they can do,
// their interfaces, monitor interfaces, channels, the regulatory domain, and
// what happens to them. It brings no interface up or down and captures nothing.
//
// A [Client] asks and commands, one request at a time. A [Watcher] hears what
// the kernel announces, on a socket of its own, so that an announcement is
// never taken for an answer. Every request ends with the kernel's answer, with
// its context, or after [DefaultTimeout]; whatever happens, the next request
// starts in step with the kernel.
//
// Numbers are those of linux/nl80211.h, through golang.org/x/sys/unix.
package nl80211
