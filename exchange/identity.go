package exchange

import (
	"context"

	"github.com/segmentio/kafka-go/protocol/initproducerid"
)

// producerID returns the lane's producer id, asking the cluster for one when there is none or when it is the one that is
// used up.
func (l *lane) producerID(ctx context.Context, usedUp int64) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.id >= 0 && l.id != usedUp {
		return l.id, nil
	}
	res, err := call[*initproducerid.Response](ctx, l.c, anyBroker, &initproducerid.Request{
		TransactionTimeoutMs: 60_000, ProducerID: -1, ProducerEpoch: -1,
	})
	if err != nil {
		return 0, err
	}
	if err := codeError(res.ErrorCode); err != nil {
		return 0, err
	}
	l.id = res.ProducerID
	return l.id, nil
}
