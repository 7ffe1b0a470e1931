package bpf

// A Rule is one line of a filter.
type Rule struct{}

// ParseRule reads a rule.
func ParseRule(s string) (Rule, error) { panic("soon") }

// String returns the rule so that ParseRule reads it back.
func (r Rule) String() string { panic("soon") }
