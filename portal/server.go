package portal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"datarun"
)

// ServerConfig says where and how the handler is served.
type ServerConfig struct {
	Listen string // host:port; port 0 lets the system choose
	// CertFile and KeyFile (PEM) switch TLS on. ClientCAFile (PEM) lets agencies call with client certificates from these
	// authorities.
	CertFile, KeyFile, ClientCAFile string

	Handler http.Handler
	Log     *slog.Logger
	// StopWithin is how long requests may go on after Run was told to stop; default 20 s.
	StopWithin time.Duration
}

// Server is an open port with the handler behind it.
type Server struct {
	http       *http.Server
	listener   net.Listener
	stopWithin time.Duration
}

// Open listens; nothing is answered before Run. Close it where Run is never called.
func Open(ctx context.Context, c ServerConfig) (*Server, error) {
	tlsConfig, err := c.tls()
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "portal", "listen on %s: %w", c.Listen, err)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.StopWithin <= 0 {
		c.StopWithin = 20 * time.Second
	}
	s := &Server{listener: listener, stopWithin: c.StopWithin, http: &http.Server{
		Handler:           c.Handler,
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute, // a full body over a slow line of 2 Mbit/s
		WriteTimeout:      5 * time.Minute, // runs from the end of the header, so it has the reading in it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
	}}
	return s, nil
}

// Addr returns where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close gives the port back without having run.
func (s *Server) Close() error { return s.listener.Close() }

// Run serves until ctx ends, then lets requests finish for a while and cuts off the rest. It returns nil after a stop
// that it was asked for.
func (s *Server) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		if s.http.TLSConfig != nil {
			done <- s.http.ServeTLS(s.listener, "", "")
			return
		}
		done <- s.http.Serve(s.listener)
	}()
	select {
	case err := <-done:
		return datarun.Errorf(datarun.Unavailable, "portal", "serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.stopWithin)
	defer cancel()
	if err := s.http.Shutdown(grace); err != nil {
		_ = s.http.Close() // the grace is over
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return datarun.Errorf(datarun.Unavailable, "portal", "serve: %w", err)
	}
	return nil
}

// tls returns nil when TLS is off.
func (c *ServerConfig) tls() (*tls.Config, error) {
	if c.CertFile == "" && c.KeyFile == "" {
		if c.ClientCAFile != "" {
			return nil, datarun.Errorf(datarun.Invalid, "portal", "client certificates need TLS: set the certificate and key files too")
		}
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "portal", "TLS certificate: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if c.ClientCAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(c.ClientCAFile)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "portal", "client CA: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, datarun.Errorf(datarun.Invalid, "portal", "client CA: %s has no PEM certificate", c.ClientCAFile)
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven // agencies with keys come without
	return config, nil
}
