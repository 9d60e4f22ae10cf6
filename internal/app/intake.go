package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"datarun"
	"datarun/connectors"
	"datarun/exchange"
	"datarun/exchange/quarantine"
)

// intake takes records into the hub: steps 3 and 4 of a record's path.
type intake struct {
	flows      *flows
	publisher  *exchange.Publisher
	quarantine *quarantine.Store
}

// Take implements host.Taker: it returns when every record of the batch is published or in quarantine.
func (in *intake) Take(ctx context.Context, source string, stream connectors.Stream, batch datarun.Batch) error {
	_, err := in.take(ctx, "connector/"+source+"/"+stream.Name, stream.Resource, batch.Records)
	return err
}

// take checks records, parks the faulty ones, publishes the rest, and returns the faults by index when both are durable.
// The records' data must not change until it returned.
func (in *intake) take(ctx context.Context, source string, code datarun.ResourceCode, records []datarun.Record) (map[int]datarun.Fault, error) {
	f := in.flows.get(code)
	if f == nil {
		return nil, datarun.Errorf(datarun.Unavailable, "intake", "resource %s is not in the directory yet", code)
	}
	if len(records) == 0 {
		return nil, nil
	}
	envs, faults := f.check(source, records)
	f.counts.read.Add(int64(len(records)))
	if len(faults) > 0 {
		if err := in.quarantine.Park(ctx, parked(source, code, records, faults)); err != nil {
			return nil, datarun.Wrap("quarantine", err)
		}
		f.counts.quarantined.Add(int64(len(faults)))
	}
	if err := in.publisher.Publish(ctx, f.topic, envs); err != nil {
		return nil, datarun.Wrap("intake: "+string(code), err)
	}
	f.counts.published.Add(int64(len(envs)))
	return faults, nil
}

// batchID begins the ids of one batch's envelopes; it ends in a dash.
func batchID() string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:]) + "-"
}

func parked(source string, code datarun.ResourceCode, records []datarun.Record, faults map[int]datarun.Fault) []quarantine.Parked {
	out := make([]quarantine.Parked, 0, len(faults))
	for i := range records {
		if fault, ok := faults[i]; ok {
			out = append(out, quarantine.Parked{Resource: code, Source: source, Fault: fault, Op: records[i].Op, Raw: records[i].Data})
		}
	}
	return out
}
