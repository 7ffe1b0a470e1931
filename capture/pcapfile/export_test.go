package pcapfile

import "io"

// NewReader is Open for content that is no file.
func NewReader(name string, src io.Reader, opts Options) (*Reader, error) {
	r, err := newReader(name, io.NopCloser(src), opts)
	if err != nil {
		return nil, openFault(name, err)
	}
	return r, nil
}

// OpenFault lets a test see what a user sees of an error that root never gets.
var OpenFault = openFault
