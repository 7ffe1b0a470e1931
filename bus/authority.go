//go:build !lite

package bus

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/sensord/sensord/internal/fault"
)

// Authority is who decides on a hub which rig may say what: the keys of the
// hub, an account of each fleet, and the list of who was given credentials. It
// is a directory, which a running hub and the commands beside it share.
type Authority struct {
	dir      string
	operator nkeys.KeyPair
	system   nkeys.KeyPair
}

const (
	maxFleets = 64
	maxIssued = 10_000 // credentials of a fleet

	// fleetConns is how many connections a fleet may have, leaves among them, so
	// that credentials of one do not take the hub from the others.
	fleetConns = 2 * maxIssued
)

// OpenAuthority returns the authority whose keys are in dir, which is made, with
// new keys, if it is missing. What is in it lets anyone be any rig: nobody but
// the owner may read it.
func OpenAuthority(dir string) (*Authority, error) {
	a := &Authority{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "fleets"), 0o700); err != nil {
		return nil, a.failed(err)
	}
	unlock, err := a.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	a.tidy()
	if a.operator, err = a.keyFile("operator.nk", nkeys.PrefixByteOperator); err != nil {
		return nil, err
	}
	if a.system, err = a.keyFile("system.nk", nkeys.PrefixByteAccount); err != nil {
		return nil, err
	}
	return a, nil
}

// AddFleet makes a fleet if there is none of the name.
func (a *Authority) AddFleet(name string) error {
	unlock, err := a.lock()
	if err != nil {
		return err
	}
	defer unlock()
	_, err = a.account(name)
	return err
}

// Fleets returns the names of the fleets there are, in order.
func (a *Authority) Fleets() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(a.dir, "fleets"))
	if err != nil {
		return nil, a.failed(err)
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(a.dir, "fleets", e.Name(), accountKey)); err == nil && isToken(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// IssueRequest asks for credentials.
type IssueRequest struct {
	Fleet   string
	Name    string    // of the rig, or of a person with Watch; a token
	Watch   bool      // may hear, and say nothing
	Expires time.Time // zero is never
}

// Issue returns the contents of a credentials file. The fleet is made if it is
// new. Credentials that the name was given before stay good.
func (a *Authority) Issue(r IssueRequest) ([]byte, error) {
	for _, t := range [...]struct{ what, s string }{{"fleet", r.Fleet}, {"rig", r.Name}} {
		if err := CheckToken(t.what, t.s); err != nil {
			return nil, &fault.Error{Code: fault.ConfigInvalid, Err: err}
		}
	}
	if !r.Watch && inboxPrefix(r.Name) == watchInboxPrefix {
		return nil, &fault.Error{
			Code: fault.ConfigInvalid, Object: "rig " + r.Name, Err: errors.New("no rig can have this name: it would hear what watchers are answered"),
			Advice: "give the rig another name, here and in its configuration",
		}
	}
	unlock, err := a.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	account, err := a.account(r.Fleet)
	if err != nil {
		return nil, err
	}
	list, err := a.issued(r.Fleet)
	if err != nil {
		return nil, err
	}
	if list = slices.DeleteFunc(list, func(i issue) bool { return i.over(time.Now()) }); len(list) >= maxIssued {
		return nil, fault.Newf(fault.ConfigInvalid, "fleet "+r.Fleet, "it has %d credentials, and may have no more", len(list))
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	defer user.Wipe()
	public, err := user.PublicKey()
	if err != nil {
		return nil, err
	}
	token, err := userClaims(r, public).Encode(account)
	if err != nil {
		return nil, err
	}
	seed, err := user.Seed()
	if err != nil {
		return nil, err
	}
	i := issue{Name: r.Name, Key: public, Issued: time.Now().Unix(), Watch: r.Watch}
	if !r.Expires.IsZero() {
		i.Expires = r.Expires.Unix()
	}
	if err := a.saveIssued(r.Fleet, append(list, i)); err != nil {
		return nil, err
	}
	return jwt.FormatUserConfig(token, seed)
}

// Revoke makes all credentials of a name worthless, and returns how many there
// were. A hub that runs ends their connections within a few seconds.
func (a *Authority) Revoke(fleet, name string) (int, error) {
	if err := CheckToken("fleet", fleet); err != nil {
		return 0, &fault.Error{Code: fault.ConfigInvalid, Err: err}
	}
	unlock, err := a.lock()
	if err != nil {
		return 0, err
	}
	defer unlock()
	list, err := a.issued(fleet)
	if err != nil {
		return 0, err
	}
	n, now := 0, time.Now()
	for i := range list {
		if list[i].Name == name && list[i].Revoked == 0 && !list[i].over(now) {
			list[i].Revoked = now.Unix()
			n++
		}
	}
	if n == 0 {
		return 0, nil
	}
	return n, a.saveIssued(fleet, list)
}

// accountClaims are what a hub goes by for a fleet: what the fleet may keep
// there, and whose credentials are worthless.
func (a *Authority) accountClaims(fleet string, storeBytes int64) (token string, claims *jwt.AccountClaims, err error) {
	unlock, err := a.lock()
	if err != nil {
		return "", nil, err
	}
	defer unlock()
	key, err := a.account(fleet)
	if err != nil {
		return "", nil, err
	}
	list, err := a.issued(fleet)
	if err != nil {
		return "", nil, err
	}
	public, err := key.PublicKey()
	if err != nil {
		return "", nil, err
	}
	claims = jwt.NewAccountClaims(public)
	claims.Name = fleet
	claims.Limits.Conn, claims.Limits.LeafNodeConn = fleetConns, maxIssued
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{
		DiskStorage: storeBytes, MemoryStorage: hubMemory, Streams: 16, Consumer: jwt.NoLimit,
		DiskMaxStreamBytes: 0, MemoryMaxStreamBytes: 0,
	}
	if err := a.importOrders(claims); err != nil {
		return "", nil, err
	}
	for _, i := range list {
		if i.Revoked != 0 {
			// Issued in the same second as well, or by a clock that was ahead.
			claims.RevokeAt(i.Key, time.Unix(max(i.Issued, i.Revoked)+1, 0))
		}
	}
	token, err = claims.Encode(a.operator)
	return token, claims, err
}

// ownCreds are those of the hub itself in a fleet's account: they never leave
// the process.
func (a *Authority) ownCreds(fleet string) (token string, user nkeys.KeyPair, err error) {
	unlock, err := a.lock()
	if err != nil {
		return "", nil, err
	}
	defer unlock()
	account, err := a.account(fleet)
	if err != nil {
		return "", nil, err
	}
	if user, err = nkeys.CreateUser(); err != nil {
		return "", nil, err
	}
	public, err := user.PublicKey()
	if err != nil {
		return "", nil, err
	}
	claims := jwt.NewUserClaims(public)
	claims.Name = "hub"
	claims.AllowedConnectionTypes.Add(jwt.ConnectionTypeInProcess)
	token, err = claims.Encode(account)
	return token, user, err
}

func (a *Authority) operatorClaims() (*jwt.OperatorClaims, error) {
	public, err := a.operator.PublicKey()
	if err != nil {
		return nil, err
	}
	system, err := a.system.PublicKey()
	if err != nil {
		return nil, err
	}
	claims := jwt.NewOperatorClaims(public)
	claims.Name, claims.SystemAccount = "sensord", system
	token, err := claims.Encode(a.operator)
	if err != nil {
		return nil, err
	}
	return jwt.DecodeOperatorClaims(token)
}

func (a *Authority) failed(err error) error {
	return &fault.Error{
		Code: fault.BusStore, Object: "hub " + a.dir, Err: withoutPath(err),
		Advice: "run it as the user that owns the directory, or name another one with --state",
	}
}

var errNotAuthority = errors.New("it is damaged")

func (a *Authority) damaged(file string, err error) error {
	return &fault.Error{
		Code: fault.BusStore, Object: "hub " + filepath.Join(a.dir, file), Err: cmp.Or(err, errNotAuthority),
		Advice: "put it back from a backup; a new one means new credentials for every rig",
	}
}
