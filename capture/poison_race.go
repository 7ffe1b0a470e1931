//go:build race

package capture

// recycle says whether a released Batch may live again. In race builds it may
// not, so that a second Release is always found.
const recycle = false

// poison overwrites released memory in race builds, so that a reader who kept
// a frame beyond its batch sees rubbish at once.
func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}
