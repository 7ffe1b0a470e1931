// Package meta is the receiver that others feed: a phone, a script or another
// program posts where the sensor is, with the request that it would make to a
// meta GPS of Kismet. Package web takes these requests; this one reads what is
// in them and makes fixes of it.
//
//	phone := meta.New(meta.Options{Name: "phone", Now: clock.Boottime})
//	go phone.Run(ctx, tell)
//	u, err := meta.ParseUpdate(body, "application/json")
//	...
//	err = phone.Post(u)
//
// A position counts for a while only: who posted it may have driven away with
// the phone. Then the receiver says that it has no fix.
package meta
