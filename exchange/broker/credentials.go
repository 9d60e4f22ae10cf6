package broker

import (
	"os"
	"path/filepath"
	"strings"

	"datarun"
)

// ReadCredentials returns what clients of the broker that runs on dir log in with, for another process of the same user.
// NotFound: no broker has run there.
func ReadCredentials(dir string) (Credentials, error) {
	b, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		return Credentials{}, datarun.Errorf(datarun.NotFound, "broker", "password: %w", err)
	}
	return Credentials{Mechanism: "SCRAM-SHA-256", User: user, Password: strings.TrimSpace(string(b))}, nil
}
