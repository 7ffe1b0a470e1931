package dot11

// The names of key agreements, as Android writes them in the capabilities of a
// scan result, which WiGLE takes for its AuthMode. In the order of their
// numbers.
var akmNames = [...]string{
	1: "EAP", 2: "PSK", 3: "FT/EAP", 4: "FT/PSK", 5: "EAP-SHA256", 6: "PSK-SHA256",
	7: "TDLS", 8: "SAE", 9: "FT/SAE", 10: "AP-PEER-KEY", 11: "EAP_SUITE_B", 12: "EAP_SUITE_B_192",
	13: "FT/EAP-SHA384", 14: "EAP-FILS-SHA256", 15: "EAP-FILS-SHA384",
	16: "FT/FILS-SHA256", 17: "FT/FILS-SHA384", 18: "OWE", 19: "FT/PSK-SHA384", 20: "PSK-SHA384",
	22: "FT/EAP-SHA384", 23: "EAP-SHA384", 24: "SAE_EXT_KEY", 25: "FT/SAE_EXT_KEY",
	32: "DPP", 33: "WAPI-PSK", 34: "WAPI-CERT", 35: "?",
}

// The generations of RSN, as people and WiGLE call them: by the way to agree on
// a key. What is neither keeps the standard's own name.
const (
	wpa3AKMs AKMs = 1<<8 | 1<<9 | 1<<11 | 1<<12 | 1<<13 | 1<<24 | 1<<25
	wpa2AKMs AKMs = 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<19 | 1<<20 | 1<<22 | 1<<23
)

// ciphers from strong to weak, with Android's names.
var cipherNames = [...]struct {
	cipher Ciphers
	name   string
}{
	{GCMP256, "GCMP-256"},
	{CCMP256, "CCMP-256"},
	{GCMP, "GCMP"},
	{CCMP, "CCMP"},
	{TKIP, "TKIP"},
	{WEP104, "WEP-104"},
	{WEP40, "WEP-40"},
	{UnknownCipher, "?"},
}

// AppendAuthMode appends how the network protects itself as WiGLE's AuthMode
// has it, which is Android's notation: one bracket for each generation with its
// key agreements and ciphers, then what else there is.
//
//	[WPA-PSK-CCMP+TKIP][WPA2-PSK-CCMP+TKIP][ESS][WPS]
//	[WPA2-PSK-CCMP][WPA3-SAE-CCMP][ESS][MFPC]
//	[RSN-OWE-CCMP][ESS][MFPR][MFPC]
//	[WEP][ESS]
//	[ESS]
func (n *Network) AppendAuthMode(dst []byte) []byte {
	s := &n.Security
	dst = appendSuites(dst, "WPA", s.WPA.AKM, s.WPA.Pairwise)
	rsn := s.RSN
	dst = appendSuites(dst, "WPA2", rsn.AKM&wpa2AKMs, rsn.Pairwise)
	dst = appendSuites(dst, "WPA3", rsn.AKM&wpa3AKMs, rsn.Pairwise)
	dst = appendSuites(dst, "RSN", rsn.AKM&^(wpa2AKMs|wpa3AKMs), rsn.Pairwise)
	switch {
	case s.OWETransition:
		dst = append(dst, "[RSN-OWE_TRANSITION-CCMP]"...)
	case s.WAPI != 0:
		dst = append(appendAKMs(append(dst, "[WAPI"...), s.WAPI), "-SMS4]"...)
	case s.Privacy && !s.WPA.Offered() && !rsn.Offered() && !n.Cut:
		dst = append(dst, "[WEP]"...)
	}
	for _, flag := range [...]struct {
		is   bool
		text string
	}{{n.ESS, "[ESS]"}, {n.IBSS, "[IBSS]"}, {n.WPS, "[WPS]"}, {rsn.MFPR, "[MFPR]"}, {rsn.MFPC, "[MFPC]"}} {
		if flag.is {
			dst = append(dst, flag.text...)
		}
	}
	return dst
}

// appendSuites appends one generation, if it is there.
func appendSuites(dst []byte, generation string, akm AKMs, ciphers Ciphers) []byte {
	if akm == 0 {
		return dst
	}
	dst = appendAKMs(append(append(dst, '['), generation...), akm)
	separator := byte('-')
	for _, c := range &cipherNames {
		if ciphers&c.cipher != 0 {
			dst = append(append(dst, separator), c.name...)
			separator = '+'
		}
	}
	return append(dst, ']')
}

func appendAKMs(dst []byte, akm AKMs) []byte {
	separator := byte('-')
	for bit, name := range &akmNames {
		if akm>>bit&1 != 0 && name != "" {
			dst = append(append(dst, separator), name...)
			separator = '+'
		}
	}
	return dst
}
