package engine

import (
	"fmt"
	"os"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/docker/api/types/registry"
)

// Docker Hub has a name of its own wherever it is spoken of.
const (
	hubDomain   = "docker.io"
	hubRegistry = "registry-1.docker.io"
	hubLogin    = "https://index.docker.io/v1/"
)

// logins are the credentials for registries that docker login has kept, in a file or by a helper.
type logins struct {
	file *configfile.ConfigFile
	// known holds those for the registries of the images that are wanted, by the key under which
	// docker login keeps them. Registries without a login are not in it.
	known map[string]registry.AuthConfig
}

// loginsFor looks up the credentials for the registries of images.
func loginsFor(lists ...[]string) (*logins, error) {
	file, err := config.Load(dockerFolder(os.Getenv))
	if err != nil {
		return nil, fmt.Errorf("credentials for registries: %w", err)
	}
	l := &logins{file, map[string]registry.AuthConfig{}}
	for _, images := range lists {
		for _, image := range images {
			named, err := reference.ParseNormalizedNamed(image)
			if err != nil {
				return nil, fmt.Errorf("image %q: %w", image, err)
			}
			key := loginKey(reference.Domain(named))
			if login, ok := l.find(key); ok {
				l.known[key] = login
			}
		}
	}
	return l, nil
}

// find returns the credentials under a key. A helper that fails counts as having none: most images
// need none, and the engine says so of the others.
func (l *logins) find(key string) (registry.AuthConfig, bool) {
	login, err := l.file.GetAuthConfig(key)
	if err != nil {
		return registry.AuthConfig{}, false
	}
	auth := registry.AuthConfig{
		Username: login.Username, Password: login.Password, Auth: login.Auth, ServerAddress: login.ServerAddress,
		IdentityToken: login.IdentityToken, RegistryToken: login.RegistryToken,
	}
	return auth, auth.Username != "" || auth.IdentityToken != "" || auth.RegistryToken != ""
}

// authConfigs returns the credentials as the classic builder takes them.
func (l *logins) authConfigs() map[string]registry.AuthConfig { return l.known }

// secret returns the name and password, or token without a name, for a registry by its host.
func (l *logins) secret(host string) (name, secret string) {
	login, ok := l.find(loginKey(host))
	if !ok {
		return "", ""
	}
	if login.IdentityToken != "" {
		return "", login.IdentityToken
	}
	return login.Username, login.Password
}

func loginKey(host string) string {
	if host == hubDomain || host == hubRegistry {
		return hubLogin
	}
	return host
}
