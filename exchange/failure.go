package exchange

import (
	"context"
	"errors"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// kindOf gives an error of the client or the broker its Kind. What is not classified is the network's: Unavailable.
func kindOf(err error) error {
	if err == nil {
		return nil
	}
	var known *datarun.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return &datarun.Error{Kind: datarun.Unavailable, Err: err}
	}
	var code kafka.Error
	if errors.As(err, &code) {
		return &datarun.Error{Kind: codeKind(code), Err: err}
	}
	return &datarun.Error{Kind: datarun.Unavailable, Err: err}
}

// codeError makes an error of a protocol error code; 0 is nil.
func codeError(code int16) error {
	if code == 0 {
		return nil
	}
	e := kafka.Error(code)
	return &datarun.Error{Kind: codeKind(e), Err: e}
}

func codeKind(code kafka.Error) datarun.Kind {
	switch code {
	case kafka.UnknownTopicOrPartition:
		return datarun.NotFound
	case kafka.SASLAuthenticationFailed, kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed,
		kafka.ClusterAuthorizationFailed, kafka.TransactionalIDAuthorizationFailed, kafka.IllegalSASLState:
		return datarun.Denied
	case kafka.IllegalGeneration, kafka.UnknownMemberId, kafka.RebalanceInProgress, kafka.FencedInstanceID,
		kafka.TopicAlreadyExists:
		return datarun.Conflict
	case kafka.OffsetOutOfRange, kafka.InvalidMessage:
		return datarun.Corrupt
	case kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidTopic, kafka.InvalidPartitionNumber,
		kafka.InvalidReplicationFactor, kafka.InvalidConfiguration, kafka.InvalidRecord, kafka.PolicyViolation,
		kafka.UnsupportedSASLMechanism, kafka.UnsupportedVersion:
		return datarun.Invalid
	}
	return datarun.Unavailable
}

// stale reports whether err may mean that a partition's leader is no longer where the metadata says.
func stale(err error) bool {
	var code kafka.Error
	if !errors.As(err, &code) {
		return true // the connection
	}
	switch code {
	case kafka.NotLeaderForPartition, kafka.LeaderNotAvailable, kafka.UnknownTopicOrPartition, kafka.BrokerNotAvailable,
		kafka.ReplicaNotAvailable, kafka.FencedLeaderEpoch, kafka.UnknownLeaderEpoch, kafka.KafkaStorageError:
		return true
	}
	return false
}

func codeOf(err error) kafka.Error {
	var code kafka.Error
	errors.As(err, &code)
	return code
}
