// Package loopback hands out addresses on 127.0.0.1 for programs that must be told their port before they start.
//
// A program that can listen on port 0 should do that; this package is for the others.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The range lies below Linux's default range of ephemeral ports (32768–60999), so that no outgoing connection of
// another test can take a port between the moment it is chosen and the moment its program binds it.
const (
	firstPort = 20000
	lastPort  = 32000
	attempts  = 200
)

// Addr returns a host:port on 127.0.0.1 that nothing listened on a moment ago. As long as this process lives, nobody else
// is given it, by this or another process: its program may bind it late, or never.
func Addr(ctx context.Context) (string, error) {
	for range attempts {
		port := firstPort + rand.IntN(lastPort-firstPort)
		mine, err := given.take(port)
		if err != nil {
			return "", err
		}
		if !mine {
			continue
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := Listen(ctx, addr)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("release %s: %w", addr, err)
		}
		return addr, nil
	}
	return "", errors.New("no free port on 127.0.0.1 between 20000 and 32000")
}

// Listen listens on addr with plain TCP: the kernel frees the port of a closed multipath listener, Go's default, some
// time after the fact.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	return config.Listen(ctx, "tcp", addr)
}

// Addrs returns n different addresses.
func Addrs(ctx context.Context, n int) ([]string, error) {
	addrs := make([]string, n)
	for i := range addrs {
		var err error
		if addrs[i], err = Addr(ctx); err != nil {
			return nil, err
		}
	}
	return addrs, nil
}
