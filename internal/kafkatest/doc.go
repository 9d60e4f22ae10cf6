// Package kafkatest runs a real Apache Kafka for tests: one broker in KRaft mode, one JVM with a small heap, on loopback.
//
// It guarantees: the jars are fetched once from Maven Central at a fixed version and kept in the user's cache; the broker
// ends with the test process, however that ends; all tests of one binary share one broker, so they must use topics and
// groups of their own. Without Java the test is skipped, or fails where DATARUN_NO_SKIP=1.
//
// It does not: authenticate, encrypt, or keep anything after Main has returned.
package kafkatest
