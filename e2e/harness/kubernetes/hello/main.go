// Command hello is a server for pods of tests: it answers every request with the name of its host, which in a pod is
// the pod's, and logs it.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := serve(os.Stdout); err != nil { //nolint:forbidigo // handed on from here
		panic(err)
	}
}

func serve(log io.Writer) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	server := http.Server{Addr: ":8080", ReadHeaderTimeout: time.Second}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(log, r.Method, r.URL.Path) // the log of a pod is a file
		_, _ = fmt.Fprintln(w, host)                   // a client that is gone does not matter
	})
	return server.ListenAndServe()
}
