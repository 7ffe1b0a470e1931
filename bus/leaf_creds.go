//go:build !lite

package bus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/sensord/sensord/internal/fault"
)

const maxCreds = 64 << 10

// readCreds reads a file of credentials. The error has the code bus.auth and
// nothing secret in it.
func readCreds(file string) (*jwt.UserClaims, error) {
	object := "credentials " + file
	f, err := os.Open(file)
	if err != nil {
		return nil, fault.New(fault.BusAuth, object, withoutPath(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCreds+1))
	if err != nil {
		return nil, fault.New(fault.BusAuth, object, withoutPath(err))
	}
	token, err := jwt.ParseDecoratedJWT(data)
	if err != nil || len(data) > maxCreds || token == "" {
		return nil, fault.Newf(fault.BusAuth, object, "it holds no NATS credentials")
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return nil, fault.Newf(fault.BusAuth, object, "it holds no NATS credentials of a user")
	}
	key, err := jwt.ParseDecoratedUserNKey(data)
	if err != nil {
		return nil, fault.Newf(fault.BusAuth, object, "the key is missing in it")
	}
	defer key.Wipe()
	if public, err := key.PublicKey(); err != nil || public != claims.Subject || !nkeys.IsValidPublicUserKey(public) {
		return nil, fault.Newf(fault.BusAuth, object, "the key in it belongs to other credentials")
	}
	return claims, nil
}

// checkCreds says what is wrong with a file of credentials for a rig: NATS
// itself would say that it does not take them, or only drop what it does not
// allow. What others than our hub have issued may have its permissions
// elsewhere; then there is nothing to say.
func checkCreds(file, fleet, rig string, now time.Time) error {
	claims, err := readCreds(file)
	if err != nil {
		return err
	}
	object := "credentials " + file
	if claims.Expires != 0 && now.Unix() >= claims.Expires {
		return fault.Newf(fault.BusAuth, object, "they expired on %s", time.Unix(claims.Expires, 0).UTC().Format("2006-01-02 15:04 MST"))
	}
	if len(claims.Pub.Allow) == 0 {
		return nil
	}
	if subject := Subject(fleet, rig, KindPosition); !allows(claims.Pub.Allow, subject) {
		return fault.Newf(fault.BusDenied, object, "they are those of %s, not of rig %s in fleet %s", whose(claims), rig, fleet)
	}
	return nil
}

// whose says who the credentials are for: a name is the same in every fleet.
func whose(claims *jwt.UserClaims) string {
	for _, allowed := range claims.Pub.Allow {
		rest, ours := strings.CutPrefix(allowed, Prefix+".")
		if parts := strings.Split(rest, "."); ours && len(parts) > 2 && isToken(parts[0]) && isToken(parts[1]) {
			return "rig " + parts[1] + " in fleet " + parts[0]
		}
	}
	return strconv.Quote(claims.Name)
}

func allows(allowed jwt.StringList, subject string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return jwt.Subject(subject).IsContainedIn(jwt.Subject(a)) })
}

// withoutPath drops the name of the file from an error that stands behind it.
func withoutPath(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s: %w", pe.Op, pe.Err)
	}
	return err
}
