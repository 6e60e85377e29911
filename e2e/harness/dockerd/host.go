package dockerd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// addBridge adds a bridge with a subnet that nothing on this machine uses, and returns its address.
func addBridge(ctx context.Context, name string) (netip.Prefix, error) {
	address, err := freeSubnet()
	if err != nil {
		return netip.Prefix{}, err
	}
	for _, args := range [][]string{
		{"link", "add", name, "type", "bridge"},
		{"addr", "add", address.String(), "dev", name},
		{"link", "set", name, "up"},
	} {
		if err := ip(ctx, args...); err != nil {
			return netip.Prefix{}, err
		}
	}
	return address, nil
}

func removeBridge(ctx context.Context, name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return nil //nolint:nilerr // it was never added
	}
	return ip(ctx, "link", "delete", name)
}

func ip(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// freeSubnet returns the first address of a /24 in the range that is set aside for benchmarks, which no network routes.
func freeSubnet() (netip.Prefix, error) {
	used, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Prefix{}, err
	}
	for range 100 {
		candidate := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(rand.IntN(256)), 1}), 24)
		taken := slices.ContainsFunc(used, func(a net.Addr) bool {
			p, err := netip.ParsePrefix(a.String())
			return err == nil && p.Overlaps(candidate.Masked())
		})
		if !taken {
			return candidate, nil
		}
	}
	return netip.Prefix{}, errors.New("no free subnet in 198.18.0.0/16")
}

// unmountBelow unmounts what a killed engine has left mounted in its folder, the innermost first.
func unmountBelow(dir string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			points = append(points, fields[4])
		}
	}
	var faults []error
	for _, point := range slices.Backward(points) {
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
			faults = append(faults, fmt.Errorf("unmount %s: %w", point, err))
		}
	}
	return errors.Join(faults...)
}
