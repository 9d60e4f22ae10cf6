package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"datarun"
)

// pushBatch is how many records the province hands over in one request.
const pushBatch = 5_000

// pushAll is the province's system: it pushes its table in batches, each under an idempotency key, so that pushing all
// of it again after an interruption doubles nothing. What is done is noted, as such a system would.
func (c *City) pushAll(ctx context.Context) error {
	done := c.path("province-done")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	key, err := os.ReadFile(c.path("keys", "province"))
	if err != nil {
		return datarun.Errorf(datarun.NotFound, "demo", "%w", err)
	}
	if err := c.hub.AwaitResource(ctx, "307001/000001"); err != nil {
		return err
	}
	for from := 0; from < insured.rows; from += pushBatch {
		if err := c.push(ctx, strings.TrimSpace(string(key)), from); err != nil {
			return err
		}
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	return nil
}

func (c *City) push(ctx context.Context, key string, from int) error {
	var body bytes.Buffer
	for i := from; i < min(from+pushBatch, insured.rows); i++ {
		row := map[string]string{}
		for j, v := range insured.row(i) {
			row[insured.columns[j].name] = v
		}
		line, err := json.Marshal(row)
		if err != nil {
			return datarun.Errorf(datarun.Internal, "demo", "%w", err)
		}
		body.Write(append(line, '\n'))
	}
	url := fmt.Sprintf("http://%s/api/v1/resources/307001.000001/records", c.hub.Addresses().Portal)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, &body)
	if err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Idempotency-Key", fmt.Sprintf("insured-%d", from))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "push: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		return datarun.Errorf(datarun.Internal, "demo", "push: %s: %s", res.Status, text)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
