package config

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/register"
	"github.com/otlpctl/otlpctl/receiver"
)

// Loaded is the configuration of a receiver and what is known about it.
type Loaded struct {
	Config receiver.Config
	// Discovery says which registries tell where the receiver is.
	Discovery register.Config
	// Deploy says how the receiver is to run in a cluster.
	Deploy Deploy
	// Warnings are what is accepted but should change.
	Warnings Warnings
	// Origins tell where values were set, for faults that only show later, such
	// as a port that is taken.
	Origins Origins
	// Hash names the files' content, in their order: 12 hexadecimal digits.
	// Variables and flags are not part of it.
	Hash string
	// Files are the files that were read.
	Files []string
	// Watch are all files that the configuration depends on: those that were
	// read, that would be read if they existed, that ${file:…} names, and the
	// one with the identities that decrypted a value. They are known after an
	// error too.
	Watch []string

	doc   *document
	short Short // as the layers have it
}

// model returns the whole configuration, with this for its short form.
func (l Loaded) model(short Short) Model {
	return Model{Short: short, Config: l.Config, Discovery: l.Discovery, Deploy: l.Deploy}
}

// Notice returns for how long a receiver that is to stop goes on taking requests, at most: clients and registries are
// told meanwhile.
func (l Loaded) Notice() time.Duration {
	delay := l.Config.Service.Shutdown.Delay
	if !l.Discovery.Registers() {
		return delay
	}
	return max(delay, receiver.WithdrawLimit+l.Discovery.PropagationDelay)
}

// ByDefault reports whether nothing says where telemetry goes: the receiver shows it.
func (l Loaded) ByDefault() bool { return !l.doc.components && !l.doc.namesDatabase() }

// Load reads the configuration of a receiver. An error is of type Errors and
// holds every fault; warnings come with it.
//
// Files that define no receivers, processors, exporters or pipelines change the
// settings of the receiver that runs without any file; files that define some
// define all of them. Variables and flags always change what is there.
func Load(from Sources) (Loaded, error) {
	files, err := from.read()
	if err != nil {
		return Loaded{Watch: from.candidates()}, err
	}
	return load(files, from, receiverOptions(from.lookup()))
}

func load(files []File, from Sources, opts Options) (Loaded, error) {
	return open(opts).load(files, from)
}

func (doc *document) load(files []File, from Sources) (Loaded, error) {
	doc.files(files)
	doc.components = doc.definesComponents()
	l := Loaded{Hash: hashOf(files), doc: doc}
	if !doc.broken {
		whole := func(root *node) spot { return doc.whole(root) }
		doc.environ(from.Environ, whole)
		doc.flags(from.Set, whole)
		doc.said = doc.root
		doc.hideSecrets()
		shortener{doc}.run()
	}
	model := doc.defaults()
	var err error
	l.Origins, l.Warnings, err = doc.decode(&model)
	l.Config, l.Discovery, l.Deploy, l.short = model.Config, model.Discovery, model.Deploy, model.Short
	for _, f := range files {
		l.Files = append(l.Files, f.Name)
	}
	l.Watch = append(from.candidates(), doc.refs.read()...)
	if err != nil {
		return l, err
	}
	for _, path := range l.Config.Unused() {
		at, _ := doc.root.find(path)
		doc.warns = append(doc.warns, locate(at, Finding{
			Path:    path,
			Problem: "is in no pipeline of service.pipelines and does not run",
		}))
	}
	l.Warnings = render(doc.concealed(doc.warns), doc.order)
	return l, nil
}

// defaults returns what holds where nothing is said. Every call makes new ones:
// decoding changes them.
func (doc *document) defaults() Model {
	model := Model{Config: receiver.DefaultConfig(), Discovery: register.DefaultConfig(), Deploy: DefaultDeploy()}
	if doc.components {
		model.Config = receiver.BaseConfig()
		return model
	}
	if doc.root.field("processors").field("batch") != nil {
		batchByDefault(&model.Config)
	}
	if doc.namesDatabase() {
		doc.databaseByDefault(&model.Config)
	}
	return model
}

// whole returns the spot of the whole configuration, with what root says of it.
func (doc *document) whole(root *node) spot {
	return rootSpot(reflect.ValueOf(doc.defaults()), root, &doc.opts)
}

// batchByDefault puts a batch processor into the pipelines of the receiver that
// runs without files.
func batchByDefault(c *receiver.Config) {
	c.Processors = map[receiver.ID]receiver.ProcessorConfig{"batch": receiver.NewProcessorConfig("batch")}
	for id, p := range c.Service.Pipelines {
		p.Processors = []receiver.ID{"batch"}
		c.Service.Pipelines[id] = p
	}
}

// definesComponents reports whether the files say what runs, rather than only
// how.
func (doc *document) definesComponents() bool {
	for _, path := range []string{"receivers", "processors", "exporters", "extensions", "connectors", "service.pipelines"} {
		if n, set := doc.root.find(path); set && n.kind != null {
			return true
		}
	}
	return false
}

func hashOf(files []File) string {
	h := sha256.New()
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// receiverOptions describes the components of this program, and those that
// configurations for the Collector are likely to bring along.
func receiverOptions(lookup func(string) (string, bool)) Options {
	extensions := Components{Kind: "extension", Instead: map[string]string{
		"health_check":   "admin.endpoint answers /health and /ready",
		"healthcheckv2":  "admin.endpoint answers /health and /ready",
		"memory_ballast": "nothing is needed in its place, GOMEMLIMIT follows the memory limit",
		"pprof":          "set admin.pprof: true",
		"zpages":         "admin.endpoint answers /status",
	}}
	return Options{LookupEnv: lookup, Components: map[string]Components{
		"receivers": {
			Kind:  "receiver",
			Types: receiver.ReceiverTypes(),
			New:   func(typ string) any { return receiver.NewReceiverConfig(typ) },
		},
		"processors": {
			Kind:  "processor",
			Types: receiver.ProcessorTypes(),
			New:   func(typ string) any { return receiver.NewProcessorConfig(typ) },
		},
		"exporters": {
			Kind:       "exporter",
			Types:      receiver.ExporterTypes(),
			Deprecated: receiver.DeprecatedExporterTypes(),
			New:        func(typ string) any { return receiver.NewExporterConfig(typ) },
		},
		"extensions":         extensions,
		"service.extensions": extensions,
		"connectors":         {Kind: "connector"},
	}}
}

// Finding returns a finding about the value at a path that only showed after
// loading, at the place that sets it or, if none does, what is around it.
func (l Loaded) Finding(path, problem, hint string) Finding {
	f := located{Finding: Finding{Path: path, Problem: problem, Hint: hint}}
	if n, _ := l.doc.root.find(path); n != nil && n != l.doc.root && n.src != nil && !n.made {
		if n.alias != "" {
			f.Path = n.alias
		}
		f = locate(n, f.Finding)
	}
	return render(l.doc.concealed([]located{f}), l.doc.order)[0]
}
