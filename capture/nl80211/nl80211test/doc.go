// Package nl80211test pretends to be the kernel's end of nl80211: requests are
// answered by a function of package genltest, or from what a real kernel was
// recorded to say. Unlike genltest it frames the answers as the kernel does:
// acknowledgements in datagrams of their own, dumps in several, refusals in the
// kernel's words, events to those who joined their group, and silence.
//
//	kernel := nl80211test.New(nl80211test.Options{Answer: nl80211test.Hwsim().Answer})
//	client, err := nl80211.DialWith(kernel.Dial)
//
// It is for tests only.
package nl80211test
