// Package exchange is the hub's way onto Kafka and off it: topics, the CloudEvents codec, a publisher, a subscriber, and
// two small stores made of a topic (Log and Table).
//
// It guarantees:
//   - Publish and Append return nil only after every in-sync replica has the records (acks=all).
//   - Records of one key stay in the order they were handed in, also when a produce request is retried: batches carry
//     a producer id and sequence, so the broker drops a repeat and refuses a gap.
//   - A key always goes to the same partition: murmur2 of its bytes, as the Java client computes it.
//   - A Subscriber delivers a partition in order and never skips: an offset that is no longer there is reported as
//     Corrupt with topic, partition and offsets, and the partition stands still until a person decides.
//   - Memory is bounded by settings, not by the number of topics or the speed of the other side.
//   - What is produced is plain Kafka: CloudEvents in binary mode that any client can read; what other clients produce,
//     with or without such headers, is delivered too.
//
// It does not: know what a record means, check it, decide retention by law, or land anything. It does not deliver
// exactly once: after a crash or a rebalance messages come again, with the same topic, partition and offset.
//
// segmentio/kafka-go is the client: its Transport keeps connections, TLS, SASL and version negotiation, its
// ConsumerGroup the membership. The two hot requests, Produce and Fetch, are written and read here byte by byte.
package exchange
