package configs

import (
	"crypto/tls"
	"strings"
)

// checkKeyPair reads a certificate and its key, to see whether they can be used.
func (l *loader) checkKeyPair(certFile, keyFile text, path string) bool {
	cert, _, certErr := l.readFile(certFile.value, maxFileBytes)
	if certErr != nil {
		l.wrong(certFile.from, path+".cert", "name a PEM file with the certificate", "%s: %s", certFile.value, cause(certErr))
	}
	key, mode, keyErr := l.readFile(keyFile.value, maxFileBytes)
	if keyErr != nil {
		l.wrong(keyFile.from, path+".key", "name a PEM file with the certificate's key", "%s: %s", keyFile.value, cause(keyErr))
	}
	if certErr != nil || keyErr != nil {
		return false
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		l.wrong(certFile.from, path, "name PEM files with a certificate and the key that belongs to it", "%s and %s: %s", certFile.value, keyFile.value, strings.TrimPrefix(err.Error(), "tls: "))
	}
	if mode.IsRegular() && mode.Perm()&0o004 != 0 {
		l.warn(keyFile.from, path+".key", "chmod o= "+keyFile.value, "everybody on this machine can read %s", keyFile.value)
	}
	return true
}

// clientCertificate settles what sensord proves itself with to a server.
func (l *loader) clientCertificate(d *serverDraft) (certFile, keyFile string) {
	path := d.path + ".tls"
	lacks := func(given text, key, flag, variable string) {
		if l.blamed(path+"."+key) || l.blamedAt(path, key) {
			return
		}
		right := "add " + key + ": FILE"
		switch given.from.layer {
		case layerFlag:
			right = "add " + flag + " FILE"
		case layerEnvironment:
			right = "set " + variable + " too"
		}
		l.wrong(given.from, path, right, "a client proves itself with a certificate and its key, and one of the two is missing")
	}
	switch {
	case !d.cert.given() && !d.key.given():
		return "", ""
	case !d.cert.given():
		lacks(d.key, "cert", "--client-cert", "SENSORD_TLS_CERT")
		return "", ""
	case !d.key.given():
		lacks(d.cert, "key", "--client-key", "SENSORD_TLS_KEY")
		return "", ""
	}
	l.checkKeyPair(d.cert, d.key, path)
	l.settle(path+".cert", d.cert.value, d.cert.from)
	l.settle(path+".key", d.key.value, d.key.from)
	return d.cert.value, d.key.value
}
