package portaltest

import (
	"context"
	"sync"

	"datarun/portal/api"
)

// Answers implements api.Idempotency. The zero value is ready.
type Answers struct {
	mu      sync.Mutex
	answers map[api.IdempotencyKey]api.Remembered
	Fail    error // returned by Put
}

// Get implements api.Idempotency.
func (a *Answers) Get(_ context.Context, key api.IdempotencyKey) (api.Remembered, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.answers[key]
	return r, ok, nil
}

// Put implements api.Idempotency.
func (a *Answers) Put(_ context.Context, key api.IdempotencyKey, answer api.Remembered) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Fail != nil {
		return a.Fail
	}
	if a.answers == nil {
		a.answers = map[api.IdempotencyKey]api.Remembered{}
	}
	a.answers[key] = answer
	return nil
}
