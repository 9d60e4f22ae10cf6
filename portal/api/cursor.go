package api

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"

	"datarun"
)

// sealer makes list cursors. A cursor holds the key of a row, which may be an item that the caller has no grant for, so
// it is encrypted, and bound to the caller and the resource.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	if len(key) != 32 {
		return sealer{}, datarun.Errorf(datarun.Invalid, "portal", "the cursor key has %d bytes, not 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

func boundTo(c *call) []byte {
	return []byte(string(c.caller.Agency.Code) + "\x00" + string(c.entry.Resource.Code))
}

func (s sealer) seal(c *call, key string) string {
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(key), boundTo(c))) //nolint:gosec // no nonce is passed: the AEAD draws one
}

func (s sealer) open(c *call, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		raw, err = s.aead.Open(nil, nil, raw, boundTo(c))
	}
	if err != nil {
		return "", invalid("after is no cursor of this list, or one from before the hub started; begin again without it")
	}
	return string(raw), nil
}
