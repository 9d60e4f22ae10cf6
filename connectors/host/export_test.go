package host

import "time"

// SetPing makes a supervisor notice a process that hangs sooner than in production.
func (s *Supervisor) SetPing(every, timeout time.Duration) {
	s.pingEvery, s.pingTimeout = every, timeout
}
