package pgtest

import (
	"context"
	"testing"
)

func TestStart(t *testing.T) {
	a, b := Start(t), Start(t)
	if a.Database == b.Database || a.Port != b.Port {
		t.Fatalf("want two databases on one server, got %s on %d and %s on %d", a.Database, a.Port, b.Database, b.Port)
	}
	Exec(t, a, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
	conn := Connect(t, a)
	defer func() { _ = conn.Close(context.Background()) }()
	result, err := conn.Exec(context.Background(), "SELECT id FROM t").ReadAll()
	if err != nil || string(result[0].Rows[0][0]) != "1" {
		t.Fatalf("got %v, %v", result, err)
	}
}
