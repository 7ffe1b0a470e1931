//go:build !lite

package bus

import "github.com/nats-io/jwt/v2"

// userSubs is how much one connection may subscribe to: what the programs beside
// a rig ask for comes over its one leaf.
const userSubs = 4096

// userClaims say what credentials allow. A connection of a client and one of a
// leaf are bound by the same: what is refused to a leaf does not leave its
// server, what it would say all the same ends the connection.
func userClaims(r IssueRequest, public string) *jwt.UserClaims {
	claims := jwt.NewUserClaims(public)
	claims.Name = r.Name
	if !r.Expires.IsZero() {
		claims.Expires = r.Expires.Unix()
	}
	claims.Limits.Payload = MaxPayload
	claims.Subs = userSubs
	claims.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard)
	claims.Sub.Allow.Add(Prefix + "." + r.Fleet + ".>")
	for _, bucket := range [...]string{rigsBucket(r.Fleet), claimsBucket(r.Fleet)} {
		claims.Pub.Allow.Add(reads("KV_" + bucket)...)
	}
	if r.Watch {
		claims.Sub.Allow.Add(watchInboxPrefix + ".>")
		claims.Pub.Allow.Add(reads(fleetStream(r.Fleet))...)
		claims.Pub.Allow.Add(pulls(fleetStream(r.Fleet))...)
		return claims
	}
	claims.AllowedConnectionTypes.Add(jwt.ConnectionTypeLeafnode)
	claims.Sub.Allow.Add(inboxPrefix(r.Name) + ".>")
	claims.Pub.Allow.Add(Prefix + "." + r.Fleet + "." + r.Name + ".>")
	for _, key := range [...]string{
		rigsBucket(r.Fleet) + "." + rigKey(r.Name),
		claimsBucket(r.Fleet) + "." + claimKey("*", r.Name, "*"),
	} {
		claims.Pub.Allow.Add("$KV."+key, "$JS."+HubDomain+".API.$KV."+key)
	}
	addSourcing(claims, r.Fleet, r.Name)
	return claims
}

// addSourcing allows what the hub needs to fetch a rig's stream: its requests
// come in, the answers go out on subjects that nobody can guess, and what is
// fetched on the rig's own. Of JetStream's other orders none comes in: NATS asks
// nobody whether the answer to a request may go where the request says, and so
// any rig could have the hub answer with an order to another one's server.
func addSourcing(claims *jwt.UserClaims, fleet, rig string) {
	api := "$JS." + rigDomain(rig) + ".API.CONSUMER."
	claims.Sub.Allow.Add(
		api+"CREATE."+rigStream+".*."+Prefix+"."+fleet+"."+rig+".>",
		api+"DELETE."+rigStream+".*",
		"$JS.FC."+rigStream+".>", // flow control
	)
	claims.Pub.Allow.Add(
		"$JSC.R.>",
		sourcePrefix(rig)+".>",
	)
}

// reads is what a client says to JetStream to read a stream or bucket, at the
// hub and over a leaf. Nothing of it changes what is kept.
func reads(stream string) []string {
	var all []string
	for _, api := range [...]string{"$JS.API", "$JS." + HubDomain + ".API"} {
		all = append(all,
			api+".INFO",
			api+".STREAM.INFO."+stream,
			api+".STREAM.MSG.GET."+stream,
			api+".CONSUMER.CREATE."+stream,
			api+".CONSUMER.CREATE."+stream+".>",
			api+".CONSUMER.INFO."+stream+".*",
			api+".CONSUMER.DELETE."+stream+".*",
		)
	}
	return append(all, "$JS.FC."+stream+".>")
}

// pulls is what it says beside that to have messages when it asks for them. It is
// for streams in which nobody can put what he likes: such an answer is the message
// as it was put, and goes where the request says, to JetStream as well.
func pulls(stream string) []string {
	var all []string
	for _, api := range [...]string{"$JS.API", "$JS." + HubDomain + ".API"} {
		all = append(all, api+".CONSUMER.MSG.NEXT."+stream+".*")
	}
	return append(all, "$JS.ACK."+stream+".>")
}
