package portal_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/portal"
	"datarun/portal/portaltest"
)

// start serves a hub in memory on a port of its own, and stops it when the test ends.
func start(t *testing.T, h *portaltest.Hub, c portal.ServerConfig) (addr string) {
	t.Helper()
	handler, err := portal.New(portal.Config{API: h.Config()})
	if err != nil {
		t.Fatal(err)
	}
	c.Handler, c.Listen = handler, "127.0.0.1:0"
	s, err := portal.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return s.Addr().String()
}

func newHub() (h *portaltest.Hub, key string) {
	h = portaltest.New()
	key = h.AddAgency("A", "房管局", "CN=housing,O=Ezhou")
	h.AddResource(datarun.Resource{Code: "306001/000001", Name: "房屋信息", Provider: "A", Key: []datarun.ItemName{"id"}, Items: []datarun.Item{{Name: "id", Type: datarun.Char}}})
	return h, key
}

func TestMissingParts(t *testing.T) {
	if _, err := portal.New(portal.Config{}); err == nil {
		t.Error("a portal of nothing was built")
	}
	h, _ := newHub()
	c := portal.Config{API: h.Config()}
	c.API.CursorKey = []byte("short")
	if _, err := portal.New(c); err == nil {
		t.Error("a short cursor key was taken")
	}
}

func TestMetricsAreHidden(t *testing.T) {
	h, _ := newHub()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "rows 1") })
	tests := []struct {
		name, remote, forwarded string
		from                    []netip.Prefix
		status                  int
	}{
		{"this machine", "127.0.0.1:1", "", nil, 200},
		{"this machine over IPv6", "[::1]:1", "", nil, 200},
		{"another", "192.0.2.1:1", "", nil, 404},
		{"through a proxy", "127.0.0.1:1", "192.0.2.1", nil, 404},
		{"from a network that may", "192.0.2.1:1", "", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, 200},
		{"from another network", "198.51.100.1:1", "", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			handler, err := portal.New(portal.Config{API: h.Config(), Metrics: metrics, MetricsFrom: tt.from})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/metrics", nil)
			r.RemoteAddr = tt.remote
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			if rec.Code != tt.status {
				t.Errorf("status %d, want %d", rec.Code, tt.status)
			}
		})
	}
}

// TestHugeBodyOnTheWire sends what never ends to a real server: it must answer, cut the connection, and serve the next.
func TestHugeBodyOnTheWire(t *testing.T) {
	h, key := newHub()
	addr := start(t, h, portal.ServerConfig{})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /api/v1/resources/306001.000001/records HTTP/1.1\r\nHost: x\r\nX-API-Key: "+key+
		"\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2147483648\r\n\r\n")
	answer, err := io.ReadAll(conn) // the server closes: it will not read 2 GB to keep a connection
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") {
		t.Errorf("%.300q %v", answer, err)
	}
	resp, err := http.Get("http://" + addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
}

func TestHugeHeaderIsRefused(t *testing.T) {
	h, _ := newHub()
	addr := start(t, h, portal.ServerConfig{})
	r, _ := http.NewRequest("GET", "http://"+addr+"/healthz", nil)
	r.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Skip("the connection was cut before the answer was read: as good")
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestGracefulStop stops the server while a push is being published and expects its answer all the same.
func TestGracefulStop(t *testing.T) {
	h, key := newHub()
	inside, release := make(chan struct{}), make(chan struct{})
	h.Before = func(string) { close(inside); <-release }
	handler, err := portal.New(portal.Config{API: h.Config()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := portal.Open(t.Context(), portal.ServerConfig{Listen: "127.0.0.1:0", Handler: handler})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done, status := make(chan error, 1), make(chan int, 1)
	go func() { done <- s.Run(ctx) }()
	go func() {
		r, _ := http.NewRequest("POST", "http://"+s.Addr().String()+"/api/v1/resources/306001.000001/records", strings.NewReader(`[{"id":"1"}]`))
		r.Header.Set("X-API-Key", key)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			status <- -1
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-inside
	stop()
	for { // the port closes at once, and the request goes on
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	close(release)
	if got := <-status; got != 200 {
		t.Errorf("the request under way: %d", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	os.WriteFile(empty, nil, 0o600)
	cert, key, _ := certificates(t, dir)
	for name, c := range map[string]portal.ServerConfig{
		"no such certificate":   {CertFile: "/nowhere", KeyFile: "/nowhere"},
		"client CA without TLS": {ClientCAFile: empty},
		"empty client CA":       {CertFile: cert, KeyFile: key, ClientCAFile: empty},
		"missing client CA":     {CertFile: cert, KeyFile: key, ClientCAFile: "/nowhere"},
		"bad address":           {Listen: "256.0.0.1:x"},
	} {
		if c.Listen == "" {
			c.Listen = "127.0.0.1:0"
		}
		if s, err := portal.Open(t.Context(), c); err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

func TestClientCertificates(t *testing.T) {
	h, key := newHub()
	cert, certKey, authority := certificates(t, t.TempDir())
	addr := start(t, h, portal.ServerConfig{CertFile: cert, KeyFile: certKey, ClientCAFile: cert})
	pool := x509.NewCertPool()
	pool.AddCert(authority.cert)
	get := func(client *tls.Certificate, key string) (int, error) {
		config := &tls.Config{RootCAs: pool}
		if client != nil {
			config.Certificates = []tls.Certificate{*client}
		}
		transport := &http.Transport{TLSClientConfig: config}
		defer transport.CloseIdleConnections()
		r, _ := http.NewRequest("GET", "https://"+addr+"/api/v1/resources", nil)
		if key != "" {
			r.Header.Set("X-API-Key", key)
		}
		resp, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.StatusCode, nil
	}
	known := authority.issue(t, pkix.Name{CommonName: "housing", Organization: []string{"Ezhou"}})
	unknown := authority.issue(t, pkix.Name{CommonName: "nobody"})
	_, _, other := certificates(t, t.TempDir())
	foreign := other.issue(t, pkix.Name{CommonName: "housing", Organization: []string{"Ezhou"}})
	for name, tt := range map[string]struct {
		client *tls.Certificate
		key    string
		status int
	}{
		"known": {known, "", 200}, "unknown": {unknown, "", 401}, "key only": {nil, key, 200}, "none": {nil, "", 401}, "known with a wrong key": {known, "x", 401},
	} {
		if status, err := get(tt.client, tt.key); err != nil || status != tt.status {
			t.Errorf("%s: %d %v, want %d", name, status, err, tt.status)
		}
	}
	if status, err := get(foreign, ""); err == nil && status != 401 {
		t.Errorf("a certificate of another authority: %d", status)
	}
}

// authority signs certificates and is its own server certificate too.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func certificates(t *testing.T, dir string) (certFile, keyFile string, a *authority) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	keyDER, _ := x509.MarshalPKCS8PrivateKey(key)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		var b bytes.Buffer
		pem.Encode(&b, block)
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile, &authority{cert, key}
}

func (a *authority) issue(t *testing.T, subject pkix.Name) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: subject, NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
