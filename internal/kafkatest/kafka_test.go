package kafkatest

import (
	"net"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestStart(t *testing.T) {
	addr := Start(t)[0]
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if again := Start(t)[0]; again != addr {
		t.Errorf("second broker at %s", again)
	}
}
