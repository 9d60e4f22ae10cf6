package host

import (
	"time"

	"datarun"
)

// Status returns how the stream is doing now. It may be called at any time.
func (p *Pump) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

func (p *Pump) note(change func(*Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.status)
}

func (p *Pump) enter(state State) {
	p.note(func(s *Status) {
		if s.State != state {
			s.State, s.Since = state, time.Now()
		}
	})
}

func (p *Pump) count(batch datarun.Batch) {
	faults := uint64(0)
	for i := range batch.Records {
		if batch.Records[i].Fault != nil {
			faults++
		}
	}
	p.note(func(s *Status) {
		s.Records += uint64(len(batch.Records))
		s.Bytes += uint64(batch.Bytes())
		s.Faults += faults
		s.TakenAt = time.Now()
	})
}

func (p *Pump) healed() {
	was := 0
	p.note(func(s *Status) {
		was, s.Failures = s.Failures, 0
		s.Reads++
		s.State, s.Since = Waiting, time.Now()
	})
	if was > 0 {
		p.log.Info("stream works again", "failures", was)
	}
}

// failed notes an error and reports whether it is another one than last time, so that a long outage is logged once.
func (p *Pump) failed(state State, err error) (news bool) {
	p.note(func(s *Status) {
		news = s.Failures == 0 || s.Error != err.Error()
		s.Failures++
		s.State, s.Since = state, time.Now()
		s.Kind, s.Error, s.FailedAt = datarun.KindOf(err), err.Error(), time.Now()
	})
	return news
}

// acked notes the outcome of an ack and reports whether it is an error that was not there before.
func (p *Pump) acked(err error) (news bool) {
	p.note(func(s *Status) {
		if err == nil {
			s.AckError, s.AckedAt = "", time.Now()
			return
		}
		news = s.AckError != err.Error()
		s.AckError = err.Error()
	})
	return news
}
