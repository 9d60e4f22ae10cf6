package broker

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"datarun"
)

// advertise makes the broker say that it knows version 0 of the SASL handshake. librdkafka, and with it kcat and
// ClickHouse's Kafka engine, takes a broker that does not for one without SASL; it then uses version 1, which is
// served. All other versions are advertised as they are.
func advertise(cluster *kfake.Cluster, addr string) error {
	keys, err := apiVersions(addr)
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "broker", "api versions: %w", err)
	}
	for i := range keys {
		if keys[i].ApiKey == int16(kmsg.SASLHandshake) {
			keys[i].MinVersion = 0
		}
	}
	// A control is used up by what it answers and puts itself back: kfake's way of keeping one remembers every
	// connection for ever.
	var answer func(kmsg.Request) (kmsg.Response, error, bool)
	answer = func(req kmsg.Request) (kmsg.Response, error, bool) { //nolint:unparam // kfake says what it returns
		r, ok := req.(*kmsg.ApiVersionsRequest)
		if !ok || r.Version > apiVersionsKnown {
			return nil, nil, false // kfake answers that it does not know this version
		}
		cluster.ControlKey(int16(kmsg.ApiVersions), answer)
		resp := r.ResponseKind().(*kmsg.ApiVersionsResponse)
		resp.ApiKeys = slices.Clone(keys)
		return resp, nil, true
	}
	cluster.ControlKey(int16(kmsg.ApiVersions), answer)
	return nil
}

// apiVersionsKnown is the newest ApiVersions that needs no answer of kfake's own.
const apiVersionsKnown = 4

// apiVersions asks the broker what it serves, as any client does first.
func apiVersions(addr string) ([]kmsg.ApiVersionsResponseApiKey, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, err
	}
	req := kmsg.NewPtrApiVersionsRequest()
	if _, err := conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, req, 1)); err != nil {
		return nil, err
	}
	var head [8]byte // size, correlation id
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, max(0, int(binary.BigEndian.Uint32(head[:4]))-4))
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, err
	}
	resp := req.ResponseKind().(*kmsg.ApiVersionsResponse)
	if err := resp.ReadFrom(body); err != nil {
		return nil, err
	}
	return resp.ApiKeys, nil
}
