// Package fusion makes one track out of the fixes of one or several receivers:
// where the sensor was, how it moved, and how sure that is, as a 95 % radius
// that holds. It also says which fixes it did not believe, and why.
//
// A Filter is plain arithmetic on values: it reads no clock, starts nothing and
// is not safe for concurrent use.
package fusion
