package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun/internal/kafkatest"
)

// freshKafka returns the brokers of the Apache Kafka that the tests of this binary share, without any topic that another
// hub left: a hub's topics have fixed names, and with them go the offsets of its group.
func freshKafka(t *testing.T) []string {
	t.Helper()
	brokers := kafkatest.Start(t)
	c := &kafka.Client{Addr: kafka.TCP(brokers...), Timeout: 30 * time.Second}
	var left []string
	err := await(time.Minute, func() bool {
		all, err := c.Metadata(context.Background(), &kafka.MetadataRequest{})
		if err != nil {
			t.Fatal(err)
		}
		left = left[:0]
		for _, topic := range all.Topics {
			if !strings.HasPrefix(topic.Name, "__") {
				left = append(left, topic.Name)
			}
		}
		if len(left) > 0 {
			if _, err := c.DeleteTopics(context.Background(), &kafka.DeleteTopicsRequest{Topics: left}); err != nil {
				t.Fatal(err)
			}
		}
		return len(left) == 0
	})
	if err != nil {
		t.Fatalf("topics that cannot be deleted: %v", left)
	}
	return brokers
}
