package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func newFleetDecodeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "decode [SUBJECT]",
		Short: "Print one message of the bus, read from the standard input, as JSON",
		Long: `Print one message of the bus, read from the standard input, as a line of JSON, for tools that know nothing of
its form. SUBJECT is where it was published, or one of position, status, event, metagps and claim; without it,
what the message has decides. What a rig would refuse is refused.`,
		Example: `  nats sub 'sensord.v1.>' --translate 'sensord fleet decode {{Subject}}'
  nats kv get rigs_fleet rover-1 --raw | sensord fleet decode status`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("", "write `sensord fleet decode [SUBJECT]`", "there is one message, and one subject")
			}
			read := pb.DecodeAny
			if len(args) == 1 && args[0] != "" { // nats sub --raw replaces {{Subject}} by nothing
				var err error
				if read, err = messageReader(args[0]); err != nil {
					return err
				}
			}
			data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), pb.MaxStatusBytes+1)) // the largest
			if err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			m, err := read(data)
			if err != nil {
				return fault.New(fault.BusMessage, "message", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", pb.JSON(m))
			return err
		},
	}
}

// messageReader returns what reads the messages of a subject, or of a kind.
func messageReader(subject string) (func([]byte) (pb.Message, error), error) {
	kind := subject
	if a, ok := bus.ParseSubject(subject); ok {
		kind = string(a.Kind)
	} else if bucket, ok := strings.CutPrefix(subject, "$KV."); ok {
		switch {
		case strings.HasPrefix(bucket, "rigs_"):
			kind = string(bus.KindStatus)
		case strings.HasPrefix(bucket, "claims_"):
			kind = claimKind
		}
	}
	switch kind {
	case string(bus.KindPosition):
		return reader(pb.DecodePosition), nil
	case string(bus.KindMetaGPS):
		return reader(pb.DecodeMetaGPS), nil
	case string(bus.KindStatus):
		return reader(pb.DecodeStatus), nil
	case string(bus.KindEvent):
		return reader(pb.DecodeEvent), nil
	case claimKind:
		return reader(pb.DecodeClaim), nil
	}
	return nil, &fault.Error{
		Code: fault.ConfigInvalid, Object: fmt.Sprintf("subject %q", subject), Err: errors.New("no message of sensord's is there"),
		Advice: "name one such as " + bus.Subject("fleet", "rover-1", bus.KindPosition) + ", or leave it out",
	}
}

// claimKind is a claim's, which is in a bucket and has no subject of its own.
const claimKind = "claim"

func reader[M pb.Message](decode func([]byte) (M, error)) func([]byte) (pb.Message, error) {
	return func(data []byte) (pb.Message, error) { return decode(data) }
}
