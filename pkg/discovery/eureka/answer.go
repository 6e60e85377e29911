package eureka

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// answer is what a server answers to /apps/APP.
type answer struct {
	Application struct {
		Instances list `json:"instance"`
	} `json:"application"`
}

// list is one instance or several: servers that make their JSON of XML write a list of one without its brackets.
type list []instance

// UnmarshalJSON reads either form.
func (l *list) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		*l = make(list, 1)
		return json.Unmarshal(text, &(*l)[0])
	}
	return json.Unmarshal(text, (*[]instance)(l))
}

// instance is what a server tells of an instance.
type instance struct {
	ID         string            `json:"instanceId"`
	Host       string            `json:"hostName"`
	IP         string            `json:"ipAddr"`
	Status     string            `json:"status"`
	Port       port              `json:"port"`
	SecurePort port              `json:"securePort"`
	Metadata   map[string]string `json:"metadata"`
	DataCenter struct {
		Metadata map[string]string `json:"metadata"`
	} `json:"dataCenterInfo"`
}

// port is a number or a string, according to the server.
type port struct {
	Number  json.RawMessage `json:"$"`
	Enabled json.RawMessage `json:"@enabled"`
}

func (p port) number() int {
	if bare(p.Enabled) == "false" {
		return 0
	}
	n, err := strconv.ParseUint(bare(p.Number), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

func bare(text json.RawMessage) string { return strings.Trim(string(text), `"`) }

// The metadata that have a meaning here, beside those of all registries. Tags have commas between them.
const (
	metaTags = "tags"
	// dataCenterZone is what instances in Amazon's cloud tell of themselves.
	dataCenterZone = "availability-zone"
)

const statusUp = "UP"

// instances returns those that are up.
func (a answer) instances() []resolve.Instance {
	all := make([]resolve.Instance, 0, len(a.Application.Instances))
	for _, i := range a.Application.Instances {
		host, number := cmp.Or(i.IP, i.Host), cmp.Or(i.Port.number(), i.SecurePort.number())
		if i.Status != statusUp || host == "" || number == 0 {
			continue
		}
		addr := net.JoinHostPort(host, strconv.Itoa(number))
		one := resolve.Instance{
			ID: cmp.Or(i.ID, addr), Addr: addr, Zone: cmp.Or(i.Metadata[registry.MetaZone], i.DataCenter.Metadata[dataCenterZone]),
			Version: i.Metadata[registry.MetaVersion], Meta: i.Metadata,
		}
		if tags := i.Metadata[metaTags]; tags != "" {
			one.Tags = strings.Split(tags, ",")
		}
		all = append(all, one)
	}
	return all
}
