// Package web is sensord's HTTP side. Positions come in here: a phone or script
// that feeds a Kismet server feeds sensord with the same requests.
//
//	POST /gps/meta/NAME/update.cmd    a position for the receiver NAME
//	GET  /gps/meta/NAME/update.ws     a websocket for many
//	POST /gps/web/update.cmd, GET /gps/web/update.ws
//	GET  /session/check_session, /session/check_login
//
// What is posted is meta.ParseUpdate's. The answers are Kismet's: 200 "Updated",
// 500 "ERROR: ..." for what is no position, on websockets {"update": "ok"} and
// {"update": "error"}; 404, 405 and 401 in this order, except that an unknown
// NAME is 404 only to who is logged in. Beyond Kismet's there are 403, 413, 429
// and 503.
//
// A request is logged in by the token, wherever Kismet's clients put theirs: the
// cookie KISMET, ?KISMET=TOKEN, Basic as the password of any user, ?password=
// with any ?user=, and as a Bearer token. Tokens and query strings are never
// logged.
//
// Who has the token is kept out by nobody: wrong logins are limited per address,
// right ones are not; and connections without a login make room for others, at 16
// per address or 64 in all, and end with their first answer.
package web
