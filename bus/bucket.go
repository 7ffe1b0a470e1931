package bus

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How long a claim holds, and how large what is kept about a fleet may grow.
const (
	claimLease  = 10 * time.Second
	claimsBytes = 16 << 20
	rigsBytes   = 128 << 20
)

// rigStream is the stream on a rig's own server that keeps what it says.
const rigStream = "RIG"

func fleetStream(fleet string) string  { return "FLEET_" + fleet }
func rigsBucket(fleet string) string   { return "rigs_" + fleet }
func claimsBucket(fleet string) string { return "claims_" + fleet }

// rigDomain is the JetStream domain of a rig's own server. Nothing but the
// rig's name is in it, because credentials can only allow whole tokens: so no
// rig can answer in place of another. A store that was begun anew under the
// same name is told from the old one by NATS (since 2.15, by its identity).
func rigDomain(rig string) string { return "rig-" + rig }

// sourcePrefix is where a rig's server sends what the hub has asked of its
// stream. It is the rig's own, so that no rig can send as another.
func sourcePrefix(rig string) string { return "_SOURCE." + rig }

// rigKey is a rig's key in the bucket of rigs.
func rigKey(rig string) string { return rig }

// claimKey is the key of a claim in the bucket of claims. The rig's name stands
// in it because credentials can only allow whole tokens of a subject: so no rig
// can put or delete what another claims.
func claimKey(uuid, rig, rigID string) string { return uuid + "." + rig + "." + rigID }

// rigsConfig describes the bucket of a fleet's rigs: the last status of each.
func rigsConfig(fleet string, storage jetstream.StorageType, limit int64) jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket: rigsBucket(fleet), Description: "last status of each rig", History: 1,
		MaxBytes: min(rigsBytes, limit), MaxValueSize: MaxPayload, Storage: storage,
	}
}

// claimsConfig describes the bucket of a fleet's claims. It is kept in memory:
// what is in it holds for claimLease, and is put again long before.
func claimsConfig(fleet string) jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket: claimsBucket(fleet), Description: "which rig has which source", History: 1, TTL: claimLease,
		MaxBytes: claimsBytes, MaxValueSize: 4 << 10, Storage: jetstream.MemoryStorage,
	}
}

// inboxPrefix is where a rig's client gets its answers. Credentials allow this
// one only, so that no rig reads what was meant for another.
func inboxPrefix(rig string) string { return "_INBOX_" + rig }

// watchInboxPrefix is the same for all who only watch: they may see each
// other's answers, which tell nothing that they could not ask for themselves.
const watchInboxPrefix = "_INBOX_watch"
