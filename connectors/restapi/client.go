package restapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"

	"datarun"
)

// client asks one service, with its manners: rate, retries, pauses it asked for, sizes.
type client struct {
	settings *settings
	retry    *retryablehttp.Client
	limit    *rate.Limiter

	mu    sync.Mutex
	pause time.Time // not before this: the service said so
}

// patience is the longest pause that a request waits out; a longer one is an error at once, and nothing is sent.
const patience = time.Minute

// longestPause bounds what a service can ask for.
const longestPause = time.Hour

var errRedirect = errors.New("it redirects to another host, or a POST")

func newClient(s *settings) (*client, error) {
	transport := cleanhttp.DefaultPooledTransport()
	if s.CA != "" {
		pool, err := authorities(s.CA)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c := &client{settings: s, limit: rate.NewLimiter(rate.Inf, 1)}
	if s.Rate > 0 {
		c.limit = rate.NewLimiter(rate.Limit(s.Rate), 1)
	}
	c.retry = retryablehttp.NewClient()
	c.retry.HTTPClient = &http.Client{Transport: transport, Timeout: time.Duration(s.Timeout), CheckRedirect: sameHost}
	c.retry.Logger = nil
	c.retry.RetryMax = s.Retries
	c.retry.RetryWaitMin, c.retry.RetryWaitMax = 200*time.Millisecond, 30*time.Second
	c.retry.CheckRetry = again
	c.retry.Backoff = c.backoff
	c.retry.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return c, nil
}

func (c *client) close() { c.retry.HTTPClient.CloseIdleConnections() }

// authorities reads certificates from a PEM file, or from PEM text itself.
func authorities(ca string) (*x509.CertPool, error) {
	pem := []byte(ca)
	if !strings.HasPrefix(ca, "-----BEGIN") {
		var err error
		if pem, err = os.ReadFile(ca); err != nil {
			return nil, datarun.Errorf(datarun.Invalid, "restapi: settings", `key "ca": %w`, err)
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, datarun.Errorf(datarun.Invalid, "restapi: settings", `key "ca": holds no certificate in PEM form`)
	}
	return pool, nil
}

// sameHost follows a redirect only where the credentials may go and the request stays what it is.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) > 5 || req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || req.Method != first.Method {
		return errRedirect
	}
	return nil
}

// again decides over another try.
func again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if errors.Is(err, errRedirect) {
		return false, nil
	}
	if err == nil && resp.StatusCode == http.StatusRequestTimeout {
		return true, nil
	}
	retry, _ := retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	return retry, nil
}

// backoff is how long to wait before the next try; a pause that the service asks for binds later requests too.
func (c *client) backoff(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(least, most, attempt, resp)
	if wait < 0 || wait > longestPause {
		wait = longestPause
	}
	if wait > time.Duration(c.settings.RetryFor) {
		c.mu.Lock()
		c.pause = time.Now().Add(wait)
		c.mu.Unlock()
	}
	return wait
}

// turn waits until a request may be sent.
func (c *client) turn(ctx context.Context, place string) error {
	c.mu.Lock()
	rest := time.Until(c.pause)
	c.mu.Unlock()
	if rest > patience {
		return datarun.Errorf(datarun.Unavailable, place, "the service asked for a pause; %s of it are left", rest.Round(time.Second))
	}
	if rest > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rest):
		}
	}
	if c.limit.Wait(ctx) != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return context.DeadlineExceeded // it would come before our turn does
	}
	return nil
}

// get sends a request and returns the answer's body, at most max_answer bytes after decompression. place names the
// request in errors; no error holds the query, which may carry a token or a value.
func (c *client) get(ctx context.Context, place, method string, target *url.URL, body []byte) ([]byte, error) {
	if err := c.turn(ctx, place); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	tries, cancel := context.WithTimeout(ctx, time.Duration(c.settings.RetryFor))
	defer cancel()
	var payload any
	if method == http.MethodPost {
		payload = body
	}
	req, err := retryablehttp.NewRequestWithContext(tries, method, target.String(), payload)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, place, "the request cannot be made")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "datarun")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.settings.Headers {
		req.Header.Set(name, value)
	}
	resp, err := c.retry.Do(req)
	if resp != nil {
		defer resp.Body.Close()
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errRedirect):
		return nil, datarun.Errorf(datarun.Invalid, place, "%v; set url to where the service is", errRedirect)
	case err != nil:
		return nil, datarun.Errorf(datarun.Unavailable, place, "no answer: %w", bare(err))
	}
	return c.answer(ctx, place, resp)
}

func (c *client) answer(ctx context.Context, place string, resp *http.Response) ([]byte, error) {
	if resp.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, datarun.Errorf(statusKind(resp.StatusCode), place, "answered with status %d", resp.StatusCode)
	}
	most := int64(c.settings.MaxAnswer)
	content, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, datarun.Errorf(datarun.Unavailable, place, "the answer broke off after %d bytes: %w", len(content), bare(err))
	case int64(len(content)) > most:
		return nil, datarun.Errorf(datarun.Invalid, place, "the answer is larger than max_answer, %d bytes", most)
	case len(content) == 0:
		return nil, datarun.Errorf(datarun.Unavailable, place, "not JSON but an empty answer")
	}
	return content, nil
}

// bare strips the address, and with it the query, from an error of package http.
func bare(err error) error {
	var where *url.Error
	if errors.As(err, &where) {
		return where.Err
	}
	return err
}

func statusKind(status int) datarun.Kind {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return datarun.Denied
	case status == http.StatusNotFound || status == http.StatusGone:
		return datarun.NotFound
	case status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return datarun.Unavailable
	}
	return datarun.Invalid
}
