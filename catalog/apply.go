package catalog

import (
	"context"

	"datarun"
)

// Result is what came of a command that was accepted.
type Result struct {
	ID       string   `json:"id"`       // of the command
	Offset   int64    `json:"offset"`   // in the log
	Seq      int64    `json:"seq"`      // how many records the history had then, this one included
	Versions []int    `json:"versions"` // per change, the version it made
	Warnings Problems `json:"warnings,omitempty"`
}

// Apply writes changes as one command, all or nothing, and returns when the command came round and was judged; by is who
// answers for it, at most 128 characters. Invalid and Conflict carry Problems. Changes that are wrong already by what
// this hub has read are refused without being written.
//
// Unavailable leaves it open whether the command is in the log: read again before repeating. A repeated put is harmless,
// it loses by its expected version.
func (c *Catalog) Apply(ctx context.Context, by string, changes ...Change) (Result, error) {
	const op = "catalog: apply"
	s := c.Snapshot()
	cmd := newCommand(by, s.head, changes)
	problems := append(cmd.problems(), judge(&s.tables, cmd.Time, changes).problems...)
	if err := problems.err(op); err != nil {
		return Result{}, err
	}
	value, err := cmd.encode()
	if err != nil {
		return Result{}, err
	}
	if len(value) > MaxCommand {
		return Result{}, datarun.Errorf(datarun.Invalid, op, "the command has %d bytes, at most %d are allowed: apply fewer documents at once", len(value), MaxCommand)
	}
	came := make(chan outcome, 1)
	c.mu.Lock()
	c.waiting[cmd.ID] = came
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, cmd.ID)
		c.mu.Unlock()
	}()
	offset, err := c.log.Append(ctx, value)
	if err != nil {
		return Result{}, datarun.Wrap(op, err)
	}
	if offset <= s.offset {
		return Result{}, datarun.Errorf(datarun.Corrupt, op, "the log took the command at offset %d, where this hub has read up to %d: it lost its tail, start again", offset, s.offset)
	}
	out, err := c.await(ctx, came)
	if err != nil {
		return Result{}, datarun.Wrap(op, err)
	}
	if err := out.problems.err(op); err != nil {
		return Result{}, err
	}
	return Result{ID: cmd.ID, Offset: out.offset, Seq: out.seq, Versions: out.versions, Warnings: out.problems}, nil
}

// await waits for the command to come round: by Run, or by reading the log itself where nobody runs.
func (c *Catalog) await(ctx context.Context, came <-chan outcome) (outcome, error) {
	for {
		c.mu.Lock()
		running := c.running
		c.mu.Unlock()
		if running == nil {
			if err := c.CatchUp(ctx); err != nil {
				return outcome{}, err
			}
			select {
			case out := <-came:
				return out, nil
			default:
				return outcome{}, datarun.Errorf(datarun.Unavailable, "catalog", "the command was written and did not come back: read again")
			}
		}
		select {
		case out := <-came:
			return out, nil
		case <-running: // Run ended; see for ourselves
		case <-ctx.Done():
			return outcome{}, datarun.Errorf(datarun.Unavailable, "catalog", "gave up waiting, the command may be applied all the same: %w", ctx.Err())
		}
	}
}
