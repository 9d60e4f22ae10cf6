package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"datarun"
)

func TestClassify(t *testing.T) {
	server := func(code int32) error {
		return fmt.Errorf("wrapped: %w", &clickhouse.Exception{Code: code, Name: "NAME", Message: "about 张三 " + strings.Repeat("x", 1000)})
	}
	tests := []struct {
		err  error
		want datarun.Kind
	}{
		{server(60), datarun.NotFound}, {server(81), datarun.NotFound}, {server(516), datarun.Denied}, {server(497), datarun.Denied},
		{server(57), datarun.Conflict}, {server(27), datarun.Invalid}, {server(241), datarun.Unavailable}, {server(252), datarun.Unavailable},
		{server(243), datarun.Unavailable}, {server(246), datarun.Corrupt}, {server(100000), datarun.Internal},
		{io.EOF, datarun.Unavailable}, {&net.OpError{Op: "dial", Err: io.ErrClosedPipe}, datarun.Unavailable},
		{clickhouse.ErrAcquireConnTimeout, datarun.Unavailable}, {context.DeadlineExceeded, datarun.Unavailable}, {context.Canceled, datarun.Unavailable},
		{datarun.Errorf(datarun.Conflict, "x", "y"), datarun.Conflict}, {fmt.Errorf("other"), datarun.Internal},
	}
	for _, tt := range tests {
		err := Classify("place", tt.err)
		if datarun.KindOf(err) != tt.want {
			t.Errorf("%.60q is %v, want %v", err, datarun.KindOf(err), tt.want)
		}
		if len(err.Error()) > 500 {
			t.Errorf("an error of %d characters", len(err.Error()))
		}
	}
	for _, code := range []int32{27, 100000} {
		if err := Classify("place", server(code)); strings.Contains(err.Error(), "张三") {
			t.Errorf("the error of code %d quotes a value", code)
		}
	}
	if Classify("place", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	c := Config{Password: "hunter2"}
	j, _ := json.Marshal(c.Password)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%s %q %x", c.Password, c.Password, c.Password), string(j)} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s has the password", text)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]Config{
		"no address": {}, "database": {Addr: []string{"127.0.0.1:1"}, Database: "a; DROP"}, "cluster": {Addr: []string{"127.0.0.1:1"}, Cluster: "a b"},
	} {
		if _, err := Open(t.Context(), c); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
	if _, err := Open(t.Context(), Config{Addr: []string{"127.0.0.1:1"}}); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("nobody listens: %v, want Unavailable", err)
	}
}

func TestLoopback(t *testing.T) {
	for addrs, want := range map[string]bool{"127.0.0.1:9000": true, "localhost:1,[::1]:2": true, "127.0.0.1:1,10.0.0.1:2": false, "ch.city:9000": false, "bad": false} {
		if got := loopback(strings.Split(addrs, ",")); got != want {
			t.Errorf("%s: %v", addrs, got)
		}
	}
}
