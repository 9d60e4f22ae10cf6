package mariatest

import "testing"

func TestStart(t *testing.T) {
	a, b := Start(t), Start(t)
	if a.Database == b.Database || a.Port != b.Port {
		t.Fatalf("want two databases on one server, got %s on %d and %s on %d", a.Database, a.Port, b.Database, b.Port)
	}
	var n int
	if err := Open(t, a).QueryRow("SELECT 1").Scan(&n); err != nil || n != 1 {
		t.Fatalf("got %d, %v", n, err)
	}
}
