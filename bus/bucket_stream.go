package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// watcherLeft is how long a bucket's server keeps what it has for a watch that
// nobody listens to. So who makes watches and goes takes no place from others.
const watcherLeft = 30 * time.Second

// bucketStream is the stream of a bucket, as clients of NATS know buckets, but
// for three things. No message of it can be asked for as it is: the answer would
// go where the request says, which may be where another rig speaks. No message
// can take the place of all others. And when it is full the oldest gives way, so
// that nobody who fills it keeps the others from what they put again and again.
func bucketStream(cfg jetstream.KeyValueConfig) jetstream.StreamConfig {
	duplicates := 2 * time.Minute
	if cfg.TTL > 0 {
		duplicates = min(duplicates, cfg.TTL)
	}
	return jetstream.StreamConfig{
		Name: "KV_" + cfg.Bucket, Description: cfg.Description,
		Subjects:          []string{"$KV." + cfg.Bucket + ".>"},
		MaxMsgsPerSubject: int64(cfg.History), MaxBytes: cfg.MaxBytes, MaxAge: cfg.TTL, MaxMsgSize: cfg.MaxValueSize,
		MaxMsgs: -1, MaxConsumers: -1, Storage: cfg.Storage, Replicas: 1, Duplicates: duplicates,
		Discard: jetstream.DiscardOld, DenyDelete: true, AllowRollup: false, AllowDirect: false,
		ConsumerLimits: jetstream.StreamConsumerLimits{InactiveThreshold: watcherLeft},
	}
}

// createBucket makes a bucket. Another one that has just made it has made it
// well.
func createBucket(ctx context.Context, js jetstream.JetStream, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	if _, err := js.CreateStream(ctx, bucketStream(cfg)); err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil, err
	}
	return js.KeyValue(ctx, cfg.Bucket)
}
