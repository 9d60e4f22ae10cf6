package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"datarun"
)

const (
	keyPrefix    = "dr_"
	keyIDLen     = 8
	keySecretLen = 43 // 32 bytes in base64url
	idLetters    = "abcdefghijkmnpqrstuvwxyz23456789"
)

// NewKey makes an API key, to be handed to an agency once, and the digest that the catalogue keeps of it. A key reads
// dr_<id>_<43 characters of base64url>, 256 random bits: secret scanners can find one that leaked, and the id names the
// key to revoke.
func NewKey() (key string, digest datarun.KeyDigest) {
	var raw [keyIDLen + 32]byte
	rand.Read(raw[:]) // never fails: the runtime ends the process instead
	id := make([]byte, keyIDLen)
	for i := range id {
		id[i] = idLetters[raw[i]%byte(len(idLetters))]
	}
	key = keyPrefix + string(id) + "_" + base64.RawURLEncoding.EncodeToString(raw[keyIDLen:])
	return key, datarun.KeyDigest{ID: string(id), SHA256: hexDigest(key)}
}

// Digest returns the digest of a key, and false when it is not of a key's form.
func Digest(key string) (datarun.KeyDigest, bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	if !ok || len(rest) != keyIDLen+1+keySecretLen || rest[keyIDLen] != '_' {
		return datarun.KeyDigest{}, false
	}
	for _, c := range []byte(rest[:keyIDLen]) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return datarun.KeyDigest{}, false
		}
	}
	return datarun.KeyDigest{ID: rest[:keyIDLen], SHA256: hexDigest(key)}, true
}

func hexDigest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// matches reports whether digest is among keys. Its time depends on how many keys there are and not on which matches.
func matches(keys []datarun.KeyDigest, digest datarun.KeyDigest) bool {
	found := 0
	for i := range keys {
		found |= subtle.ConstantTimeCompare([]byte(strings.ToLower(keys[i].SHA256)), []byte(digest.SHA256))
	}
	return found == 1
}
