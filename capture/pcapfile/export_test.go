package pcapfile

// OpenFault lets a test see what a user sees of an error that root never gets.
var OpenFault = openFault
