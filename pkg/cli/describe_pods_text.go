package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/kube/watch"
)

func (p *descriptionPage) podRows(all []watch.PodDescription) [][]string {
	var rows [][]string
	for _, pod := range all {
		rows = append(rows, []string{
			pod.Name, string(pod.Phase), pod.Node, pod.Zone, pod.IP, p.age(pod.Created), strconv.Itoa(int(pod.Restarts)), podDetail(pod.PodStatus),
		})
	}
	return headed(rows, "NAME", "STATE", "NODE", "ZONE", "IP", "AGE", "RESTARTS", "DETAIL")
}

// containerRows has those of which there is more to say than that they run.
func (p *descriptionPage) containerRows(pods []watch.PodDescription) [][]string {
	var rows [][]string
	for _, pod := range pods {
		for _, c := range pod.Containers {
			if c.State == "running" && c.Ready && c.Last == nil {
				continue
			}
			state, last := c.State, "never"
			if c.Reason != "" {
				state += ", " + c.Reason
			}
			if c.Since != nil {
				state += ", since " + p.age(*c.Since)
			}
			if c.Last != nil {
				last = p.terminationText(*c.Last)
			}
			rows = append(rows, []string{pod.Name, c.Name, state, strconv.Itoa(int(c.Restarts)), last, strings.Join(strings.Fields(c.Message), " ")})
		}
	}
	return headed(rows, "POD", "CONTAINER", "STATE", "RESTARTS", "LAST END", "MESSAGE")
}

func (p *descriptionPage) terminationText(t watch.Termination) string {
	text := fmt.Sprintf("exit code %d", t.ExitCode)
	if t.Signal != 0 {
		text = fmt.Sprintf("signal %d", t.Signal)
	}
	if t.Reason != "" && t.Reason != "Error" {
		text += ", " + t.Reason
	}
	return text + ", " + p.age(t.Finished)
}

// reportRows has a row for each pod, exporter and signal of which there were items.
func reportRows(pods []watch.PodDescription) [][]string {
	var rows [][]string
	for _, pod := range pods {
		switch {
		case pod.ReportProblem != "":
			rows = append(rows, silentRow(pod.Name, "", "", "cannot be asked: "+pod.ReportProblem))
		case pod.Report != nil:
			rows = append(rows, podReportRows(pod.Name, *pod.Report)...)
		}
	}
	return headed(rows, "POD", "CONFIG", "GENERATION", "EXPORTER", "SIGNAL", "ACCEPTED", "EXPORTED", "QUEUED", "SPOOLED", "REJECTED", "DROPPED", "PROBLEM")
}

// silentRow is that of a receiver that has no items to tell of.
func silentRow(pod, config, generation, why string) []string {
	return []string{pod, config, generation, "", "", "", "", "", "", "", "", why}
}

func podReportRows(name string, r watch.Report) [][]string {
	generation := strconv.FormatInt(r.Config.Generation, 10)
	var rows [][]string
	if r.Config.Problem != "" {
		rows = append(rows, silentRow(name, r.Config.Hash, generation, "refuses the new configuration: "+r.Config.Problem))
	}
	if !r.Ready {
		rows = append(rows, silentRow(name, r.Config.Hash, generation, strings.TrimSuffix("is not ready: "+r.Reason, ": ")))
	}
	traffic := false
	for _, e := range r.Exporters {
		for _, signal := range slices.Sorted(maps.Keys(e.Books)) {
			if b := e.Books[signal]; b.Accepted > 0 {
				rows = append(rows, append([]string{name, r.Config.Hash, generation, e.Name, signal}, booksCells(b, e.Error)...))
				traffic = true
			}
		}
	}
	if !traffic {
		rows = append(rows, silentRow(name, r.Config.Hash, generation, "nothing was accepted yet"))
	}
	return rows
}

func booksCells(b watch.Books, problem string) []string {
	var dropped int64
	for _, n := range b.Dropped {
		dropped += n
	}
	var cells []string
	for _, n := range []int64{b.Accepted, b.Exported, b.Queued, b.Spooled, b.Rejected, dropped} {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	return append(cells, problem)
}
