//go:build !lite

package bus

import "github.com/nats-io/jwt/v2"

// What is asked of JetStream in a fleet's account goes to the server's own
// account. By itself nats-server takes all of it there, from whomever it comes:
// and as JetStream answers where a request says, in the name of the server, any
// answer could be an order to delete a stream. So it is taken to a subject of our
// own there, and from that to JetStream if it is one of theirs, or has the word
// that only the hub itself knows. Nothing of that word is to be seen in the
// fleets.
const (
	orderSubject = "$JS.API.>"
	orderAside   = "_ORDER."
)

// fleetOrders are those that do not change what is kept.
func fleetOrders() []string {
	return []string{"INFO", "STREAM.INFO.>", "STREAM.MSG.GET.>", "CONSUMER.CREATE.>", "CONSUMER.INFO.>", "CONSUMER.DELETE.>"}
}

// hubOrders is the prefix under which JetStream takes all orders.
func hubOrders(word string) string { return "$JS.API." + word }

// importOrders has a fleet's orders taken aside.
func (a *Authority) importOrders(fleet *jwt.AccountClaims) error {
	system, err := a.system.PublicKey()
	if err != nil {
		return err
	}
	fleet.Imports.Add(&jwt.Import{
		Name: "orders", Account: system, Type: jwt.Service, Share: true,
		Subject: orderAside + ">", LocalSubject: orderSubject,
	})
	return nil
}

// systemClaims are the account of the server itself, which no credentials are
// issued for.
func (a *Authority) systemClaims(word string) (public, token string, err error) {
	if public, err = a.system.PublicKey(); err != nil {
		return "", "", err
	}
	claims := jwt.NewAccountClaims(public)
	claims.Name = "system"
	claims.Exports.Add(&jwt.Export{Name: "orders", Type: jwt.Service, Subject: orderAside + ">"})
	claims.Mappings = jwt.Mapping{orderAside + jwt.Subject(word) + ".>": {{Subject: orderSubject}}}
	for _, order := range fleetOrders() {
		claims.Mappings[jwt.Subject(orderAside+order)] = []jwt.WeightedMapping{{Subject: jwt.Subject("$JS.API." + order)}}
	}
	token, err = claims.Encode(a.operator)
	return public, token, err
}
