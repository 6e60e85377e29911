package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeChart writes a chart whose templates are objects as otlpctl renders them, all but the namespace, which is Helm's to
// make.
func writeChart(dir string, rendered []byte) error {
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(rendered, &list); err != nil {
		return err
	}
	templates := filepath.Join(dir, "templates")
	if err := os.MkdirAll(templates, 0o755); err != nil {
		return err
	}
	const about = "apiVersion: v2\nname: otlp-receiver\nversion: 1.0.0\n"
	if err := os.WriteFile(filepath.Join(dir, "Chart.yaml"), []byte(about), 0o644); err != nil {
		return err
	}
	for i, item := range list.Items {
		var object struct{ Kind string }
		if err := json.Unmarshal(item, &object); err != nil {
			return err
		}
		if object.Kind == "Namespace" {
			continue
		}
		name := fmt.Sprintf("%02d-%s.yaml", i, strings.ToLower(object.Kind))
		text := strings.ReplaceAll(string(item), "{{", `{{ "{{" }}`) // what only looks like a template
		if err := os.WriteFile(filepath.Join(templates, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
