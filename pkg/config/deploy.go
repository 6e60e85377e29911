package config

// Deploy is the section deploy: how the receiver runs in a cluster. The receiver itself does
// not look at it. Text that is a name, a quantity or an image is checked where the
// objects are made.
type Deploy struct {
	Name             string            `yaml:"name" doc:"Name of the Deployment, its Service and all that belongs to it."`
	Namespace        string            `yaml:"namespace" doc:"Namespace of all objects."`
	CreateNamespace  bool              `yaml:"create_namespace" doc:"The Namespace is one of the objects; default and kube-* never are."`
	Image            string            `yaml:"image" doc:"Image of the receiver: repository with tag, digest or both."`
	ImagePullPolicy  string            `yaml:"image_pull_policy" doc:"When nodes pull the image." enum:"Always|IfNotPresent|Never"`
	ImagePullSecrets []string          `yaml:"image_pull_secrets" doc:"Secrets with the logins of registries."`
	Replicas         int               `yaml:"replicas" doc:"How many pods there are without autoscaling." unit:"pods" min:"0" max:"1000"`
	MinReadySeconds  int               `yaml:"min_ready_seconds" doc:"How long a new pod must have been ready before it counts as available." unit:"seconds" min:"0" max:"3600"`
	Strategy         Strategy          `yaml:"strategy" doc:"How pods are replaced by new ones."`
	Gate             Gate              `yaml:"gate" doc:"What the pods of a new revision must not exceed before all others are replaced; otherwise the revision before comes back."`
	ConfigMode       string            `yaml:"config_mode" doc:"versioned: the ConfigMap is immutable and named after its content, so that a change of the configuration is a rollout. live: one ConfigMap, which running pods read again when it changes." enum:"versioned|live"`
	ServiceAccount   string            `yaml:"service_account" doc:"A ServiceAccount that exists; empty makes one that is called like the Deployment."`
	Labels           map[string]string `yaml:"labels" doc:"Further labels of all objects and pods."`
	PodAnnotations   map[string]string `yaml:"pod_annotations" doc:"Further annotations of pods."`
	Env              map[string]string `yaml:"env" doc:"Environment variables of the receiver. They are no place for secrets."`
	SecretEnv        map[string]string `yaml:"secret_env" doc:"Environment variables from Secrets that exist, each as SECRET/KEY."`
	ExistingSecret   string            `yaml:"existing_secret" doc:"A Secret that exists, mounted at /app/secrets, in place of one that is made of the plain secret values of the configuration."`
	AgeIdentity      string            `yaml:"age_identity" doc:"Where the identity for encrypted values is: SECRET/KEY of a Secret that exists."`
	Mounts           map[string]string `yaml:"mounts" doc:"Folders in the pod and what is mounted there read-only: secret/NAME or configmap/NAME."`
	Resources        Resources         `yaml:"resources" doc:"What a pod may use; GOMEMLIMIT follows the memory limit."`
	Probes           Probes            `yaml:"probes" doc:"How the kubelet asks after a pod; address and protocol follow the section admin."`
	PreStopSeconds   int               `yaml:"pre_stop_seconds" doc:"How long a pod that is about to stop goes on serving, so that the cluster stops sending to it; service.shutdown.delay counts towards it." unit:"seconds" min:"0" max:"600"`
	Data             DataVolume        `yaml:"data" doc:"The volume at /data."`
	Autoscaling      Autoscaling       `yaml:"autoscaling" doc:"A HorizontalPodAutoscaler."`
	DisruptionBudget DisruptionBudget  `yaml:"disruption_budget" doc:"A PodDisruptionBudget. Of its two bounds one is set."`
	Service          ServiceOptions    `yaml:"service" doc:"The Service in front of the pods; its ports follow what the receiver listens on."`
	NetworkPolicy    *NetworkPolicy    `yaml:"network_policy" doc:"A NetworkPolicy: only the ports that the receiver listens on can be reached."`
	Monitor          *Monitor          `yaml:"monitor" doc:"A ServiceMonitor or PodMonitor of the Prometheus Operator."`
	Ingress          *Ingress          `yaml:"ingress" doc:"One Ingress for OTLP over HTTP, one for gRPC."`
	Gateway          *Gateway          `yaml:"gateway" doc:"Routes of the Gateway API: an HTTPRoute for OTLP over HTTP, a GRPCRoute for gRPC."`
}

// Strategy is deploy.strategy.
type Strategy struct {
	Type           string `yaml:"type" doc:"RollingUpdate replaces pods step by step, Recreate stops all of them first." enum:"RollingUpdate|Recreate"`
	MaxUnavailable string `yaml:"max_unavailable" doc:"How many pods may be missing during an update, as a number or a percentage rounded down."`
	MaxSurge       string `yaml:"max_surge" doc:"How many pods there may be in addition during an update, as a number or a percentage rounded up."`
}

// Resources is deploy.resources.
type Resources struct {
	Requests ResourceList `yaml:"requests" doc:"What is set aside for a pod; autoscaling measures against it."`
	Limits   ResourceList `yaml:"limits" doc:"What a pod gets at most."`
}

// ResourceList holds Kubernetes quantities.
type ResourceList struct {
	CPU    string `yaml:"cpu" doc:"Processors, such as 500m or 2; empty sets nothing."`
	Memory string `yaml:"memory" doc:"Memory, such as 512Mi; empty sets nothing."`
}

// Probes is deploy.probes.
type Probes struct {
	Liveness  Probe `yaml:"liveness" doc:"Restarts a pod that is not alive."`
	Readiness Probe `yaml:"readiness" doc:"Takes a pod out of the Service that is not ready."`
	Startup   Probe `yaml:"startup" doc:"Gives a pod time to start before the other two begin."`
}

// Probe is one of deploy.probes.
type Probe struct {
	InitialDelaySeconds int `yaml:"initial_delay_seconds" doc:"When to ask for the first time." unit:"seconds" min:"0" max:"3600"`
	PeriodSeconds       int `yaml:"period_seconds" doc:"How often to ask." unit:"seconds" min:"1" max:"3600"`
	TimeoutSeconds      int `yaml:"timeout_seconds" doc:"How long to wait for an answer." unit:"seconds" min:"1" max:"3600"`
	FailureThreshold    int `yaml:"failure_threshold" doc:"How many failures in a row count." unit:"failures" min:"1" max:"1000"`
}

// DataVolume is deploy.data.
type DataVolume struct {
	Size         string `yaml:"size" doc:"How large it is, such as 1Gi; empty is no limit for an emptyDir."`
	StorageClass string `yaml:"storage_class" doc:"Gives each pod a volume of this class, which is deleted with the pod; empty is an emptyDir."`
	Claim        string `yaml:"claim" doc:"A PersistentVolumeClaim that exists, for a single pod."`
}

// Autoscaling is deploy.autoscaling.
type Autoscaling struct {
	Enabled           bool      `yaml:"enabled" doc:"Let the number of pods follow the load."`
	MinReplicas       int       `yaml:"min_replicas" doc:"How many pods there are at least." unit:"pods" min:"1" max:"1000"`
	MaxReplicas       int       `yaml:"max_replicas" doc:"How many pods there are at most." unit:"pods" min:"1" max:"1000"`
	CPUUtilization    int       `yaml:"cpu_utilization" doc:"Percentage of the requested processors to aim at; 0 does not look at them." unit:"percent" min:"0" max:"1000"`
	MemoryUtilization int       `yaml:"memory_utilization" doc:"Percentage of the requested memory to aim at; 0 does not look at it." unit:"percent" min:"0" max:"1000"`
	ScaleDown         ScaleDown `yaml:"scale_down" doc:"How fast pods may become fewer."`
	ScaleUp           ScaleUp   `yaml:"scale_up" doc:"How fast pods may become more: the larger of the two bounds holds."`
}

// ScaleDown is deploy.autoscaling.scale_down.
type ScaleDown struct {
	StabilizationWindowSeconds int `yaml:"stabilization_window_seconds" doc:"How long fewer pods must have been enough." unit:"seconds" min:"0" max:"3600"`
	Percent                    int `yaml:"percent" doc:"Share of the pods that may go in one period." unit:"percent" min:"1" max:"100"`
	PeriodSeconds              int `yaml:"period_seconds" doc:"How long a period is." unit:"seconds" min:"1" max:"1800"`
}

// ScaleUp is deploy.autoscaling.scale_up.
type ScaleUp struct {
	StabilizationWindowSeconds int `yaml:"stabilization_window_seconds" doc:"How long more pods must have been needed." unit:"seconds" min:"0" max:"3600"`
	Percent                    int `yaml:"percent" doc:"Share of the pods that may come in one period." unit:"percent" min:"1" max:"1000"`
	Pods                       int `yaml:"pods" doc:"How many pods may come in one period." unit:"pods" min:"1" max:"1000"`
	PeriodSeconds              int `yaml:"period_seconds" doc:"How long a period is." unit:"seconds" min:"1" max:"1800"`
}

// DisruptionBudget is deploy.disruption_budget.
type DisruptionBudget struct {
	Enabled        bool   `yaml:"enabled" doc:"Limit how many pods are evicted at the same time."`
	MinAvailable   string `yaml:"min_available" doc:"How many pods must be left, as a number or a percentage."`
	MaxUnavailable string `yaml:"max_unavailable" doc:"How many pods may be missing, as a number or a percentage; holds if min_available is not set."`
}

// ServiceOptions is deploy.service.
type ServiceOptions struct {
	Type        string            `yaml:"type" doc:"Kind of Service." enum:"ClusterIP|NodePort|LoadBalancer"`
	Annotations map[string]string `yaml:"annotations" doc:"Annotations of the Service."`
	Headless    bool              `yaml:"headless" doc:"A second Service, NAME-headless, whose name resolves to the addresses of all ready pods: for clients that balance themselves."`
}

// NetworkPolicy is deploy.network_policy.
type NetworkPolicy struct {
	FromNamespaces        []string `yaml:"from_namespaces" doc:"Namespaces that may send telemetry; none stands for anyone."`
	MetricsFromNamespaces []string `yaml:"metrics_from_namespaces" doc:"Namespaces that may read the admin port and metrics; none stands for anyone."`
}

// Monitor is deploy.monitor.
type Monitor struct {
	Kind            string            `yaml:"kind" doc:"Whether Prometheus finds pods through the Service." enum:"ServiceMonitor|PodMonitor"`
	IntervalSeconds int               `yaml:"interval_seconds" doc:"How often to scrape." unit:"seconds" min:"1" max:"3600"`
	Labels          map[string]string `yaml:"labels" doc:"Labels by which the operator finds the monitor."`
}

// SetDefaults sets the defaults of deploy.monitor.
func (c *Monitor) SetDefaults() { *c = Monitor{Kind: "ServiceMonitor", IntervalSeconds: 30} }

// Ingress is deploy.ingress.
type Ingress struct {
	ClassName       string            `yaml:"class_name" doc:"The IngressClass; empty is that of the cluster."`
	Host            string            `yaml:"host" doc:"Host name for OTLP over HTTP; empty makes no Ingress for it."`
	GRPCHost        string            `yaml:"grpc_host" doc:"Host name for OTLP over gRPC; empty makes no Ingress for it."`
	TLSSecret       string            `yaml:"tls_secret" doc:"A Secret with the certificate of both hosts; empty is plain HTTP, over which most controllers take no gRPC."`
	Annotations     map[string]string `yaml:"annotations" doc:"Annotations of both."`
	GRPCAnnotations map[string]string `yaml:"grpc_annotations" doc:"Further annotations of the one for gRPC, such as nginx.ingress.kubernetes.io/backend-protocol: GRPC."`
}

// Gateway is deploy.gateway.
type Gateway struct {
	Name          string   `yaml:"name" doc:"The Gateway that the routes belong to."`
	Namespace     string   `yaml:"namespace" doc:"Its namespace; empty is that of the routes."`
	SectionName   string   `yaml:"section_name" doc:"One listener of it; empty is all of them."`
	Hostnames     []string `yaml:"hostnames" doc:"Host names for OTLP over HTTP; none makes no HTTPRoute."`
	GRPCHostnames []string `yaml:"grpc_hostnames" doc:"Host names for OTLP over gRPC; none makes no GRPCRoute."`
}

// DefaultDeploy returns the defaults of the section deploy.
func DefaultDeploy() Deploy {
	return Deploy{
		Name: "otlp-receiver", Namespace: "observability", CreateNamespace: true,
		Image: "otlp-receiver:1.0.0", ImagePullPolicy: "IfNotPresent",
		Replicas: 3, MinReadySeconds: 10, ConfigMode: "versioned", PreStopSeconds: 5,
		Strategy: Strategy{Type: "RollingUpdate", MaxUnavailable: "25%", MaxSurge: "25%"},
		Gate:     defaultGate(),
		Resources: Resources{
			Requests: ResourceList{CPU: "500m", Memory: "256Mi"},
			Limits:   ResourceList{CPU: "1000m", Memory: "512Mi"},
		},
		Probes: Probes{
			Liveness:  Probe{InitialDelaySeconds: 15, PeriodSeconds: 20, TimeoutSeconds: 3, FailureThreshold: 3},
			Readiness: Probe{InitialDelaySeconds: 5, PeriodSeconds: 10, TimeoutSeconds: 3, FailureThreshold: 3},
			Startup:   Probe{PeriodSeconds: 5, TimeoutSeconds: 3, FailureThreshold: 30},
		},
		Autoscaling: Autoscaling{
			Enabled: true, MinReplicas: 3, MaxReplicas: 10, CPUUtilization: 70, MemoryUtilization: 80,
			ScaleDown: ScaleDown{StabilizationWindowSeconds: 300, Percent: 50, PeriodSeconds: 60},
			ScaleUp:   ScaleUp{Percent: 100, Pods: 2, PeriodSeconds: 30},
		},
		DisruptionBudget: DisruptionBudget{Enabled: true, MaxUnavailable: "1"},
		Service:          ServiceOptions{Type: "ClusterIP"},
	}
}

// LeastReplicas returns how many pods there are when nothing is wrong and the load is low.
func (c *Deploy) LeastReplicas() int {
	if c.Autoscaling.Enabled {
		return c.Autoscaling.MinReplicas
	}
	return c.Replicas
}
