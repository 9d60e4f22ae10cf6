package exchange

import (
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"

	"datarun"
)

func TestShareTopic(t *testing.T) {
	for _, tc := range []struct {
		code       datarun.ResourceCode
		generation uint16
		want       string
	}{
		{"306001/000001", 0, "share.306001.000001"},
		{"306001/000001", 1, "share.306001.000001.g1"},
		{"307012A9/0Z", 65535, "share.307012A9.0Z.g65535"},
		{datarun.ResourceCode("306001/" + strings.Repeat("9", 57)), 65535, "share.306001." + strings.Repeat("9", 57) + ".g65535"},
	} {
		got := ShareTopic(tc.code, tc.generation)
		if got != tc.want {
			t.Errorf("ShareTopic(%s, %d) = %s, want %s", tc.code, tc.generation, got, tc.want)
		}
		if err := (&Topic{Name: got}).validate(); err != nil {
			t.Error(err)
		}
		code, generation, ok := ParseShareTopic(got)
		if !ok || code != tc.code || generation != tc.generation {
			t.Errorf("ParseShareTopic(%s) = %s, %d, %t", got, code, generation, ok)
		}
	}
	for _, name := range []string{"", "share.", "datarun.catalog", "share.306001", "share.306001.1.g0", "share.306001.1.g01", "share.306001.1.g65536", "share.306001.1.gx", "share.306001/1", "xshare.306001.1"} {
		if _, _, ok := ParseShareTopic(name); ok {
			t.Errorf("ParseShareTopic(%q) took it", name)
		}
	}
}

func TestTopicNames(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "A_b-c.9": true, strings.Repeat("x", 249): true,
		"": false, ".": false, "..": false, strings.Repeat("x", 250): false, "a b": false, "a/b": false, "图书": false,
	} {
		if err := (&Topic{Name: name}).validate(); (err == nil) != good {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

func TestEnsureTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		name := newName(t)
		for range 2 {
			if err := c.EnsureTopic(t.Context(), Topic{Name: name, Partitions: 3, Compact: true}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := c.Partitions(t.Context(), name); n != 3 || err != nil {
			t.Errorf("%d partitions, %v", n, err)
		}
		err := c.EnsureTopic(t.Context(), Topic{Name: name, Partitions: 4})
		if datarun.KindOf(err) != datarun.Conflict {
			t.Errorf("another number of partitions: %v", err)
		}
		if err := c.EnsureTopic(t.Context(), Topic{Name: "a b"}); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("bad name: %v", err)
		}
		if _, err := c.Partitions(t.Context(), newName(t)); datarun.KindOf(err) != datarun.NotFound {
			t.Errorf("no such topic: %v", err)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	cfg := embedded(t)
	wrong := cfg
	wrong.SASL.Password = "wrong"
	if _, err := Open(t.Context(), wrong); datarun.KindOf(err) != datarun.Denied {
		t.Errorf("wrong password: kind %v: %v", datarun.KindOf(err), err)
	}
	for _, bad := range []Config{{}, {Brokers: []string{"127.0.0.1:1"}, SASL: SASL{Mechanism: "GSSAPI"}}} {
		if _, err := Open(t.Context(), bad); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := Open(t.Context(), Config{Brokers: []string{"127.0.0.1:1"}}); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
}

func TestPartitionOfIsMurmur2(t *testing.T) {
	// Values of org.apache.kafka.common.utils.Utils.murmur2, from Kafka's own UtilsTest.
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2(key)); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
	partitions := []int{0, 1, 2, 3, 4, 5, 6}
	for i := range 5000 {
		key := strings.Repeat("é", i%5) + "key" + strings.Repeat("x", i%9) + string(rune('0'+i%10))
		want := kafka.Murmur2Balancer{}.Balance(kafka.Message{Key: []byte(key)}, partitions...)
		if got := PartitionOf(key, len(partitions)); got != want {
			t.Fatalf("PartitionOf(%q) = %d, kafka-go says %d", key, got, want)
		}
	}
}
