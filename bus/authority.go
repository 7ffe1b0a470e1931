//go:build !lite

package bus

import (
	"errors"
	"time"
)

// Authority is who decides on a hub which rig may say what: the keys of the
// hub, an account of each fleet, and the list of who was given credentials.
type Authority struct{ dir string }

// OpenAuthority returns the authority whose keys are in dir, which is made, with
// new keys, if it is missing.
func OpenAuthority(dir string) (*Authority, error) { return &Authority{dir}, nil }

// IssueRequest asks for credentials.
type IssueRequest struct {
	Fleet   string
	Name    string // of the rig, or of a person with Watch; a token
	Watch   bool   // may hear, and say nothing
	Expires time.Time
}

// Issue returns the contents of a credentials file. The fleet is made if it is new.
func (a *Authority) Issue(IssueRequest) ([]byte, error) { return nil, errors.ErrUnsupported }

// Revoke makes all credentials of a name worthless, and returns how many there were.
func (a *Authority) Revoke(fleet, name string) (int, error) { return 0, errors.ErrUnsupported }
