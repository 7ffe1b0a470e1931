package main

import "strings"

// takeArgs returns a copy of the process's arguments and erases the secrets
// among the originals, which every user of the machine can read in /proc.
func takeArgs(argv []string) []string {
	args := make([]string, len(argv))
	for i, arg := range argv {
		args[i] = strings.Clone(arg)
	}
	for _, secret := range secretsIn(argv) {
		erase(secret)
	}
	return args
}

// secretsIn returns the secrets in the arguments, sharing their memory. In
// doubt it takes a text for a secret: whoever reads the arguments has a copy.
func secretsIn(argv []string) []string {
	var secrets []string
	for i, arg := range argv {
		for _, flag := range []string{"--password", "--apikey"} {
			rest, ok := strings.CutPrefix(arg, flag)
			switch {
			case !ok:
			case strings.HasPrefix(rest, "="):
				secrets = append(secrets, rest[1:])
			case rest == "" && i+1 < len(argv):
				secrets = append(secrets, argv[i+1])
			}
		}
	}
	return secrets
}
