package engine

import (
	"crypto/sha512"
	"encoding/base64"
	"os"
	"testing"
)

// PinForTest pins the tarball at path for this platform.
func PinForTest(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(b)
	before := libraries[platform()]
	pinned := before
	pinned.integrity, pinned.file = base64.StdEncoding.EncodeToString(sum[:]), "package/libchdb.so"
	libraries[platform()] = pinned
	t.Cleanup(func() { libraries[platform()] = before })
}
