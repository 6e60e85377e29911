package kube

import "context"

// RevisionRecord says where the cluster keeps revisions, for who reads them without otlpctl.
type RevisionRecord struct {
	// Object is the ConfigMap of one revision.
	Object Ref
	// Selector finds those of all revisions by their labels.
	Selector string
	// Summary is the key of what was deployed, by whom and when, as JSON.
	Summary string
	// Objects is the key, in the binary data, of the objects: a list as JSON, packed with gzip.
	Objects string
}

// RevisionRecord returns where a revision is.
func (t Target) RevisionRecord(number int) RevisionRecord {
	return RevisionRecord{t.revision(number), t.revisionLabels(), revisionKey, objectsKey}
}

// revisionLabels select the records of all revisions.
func (t Target) revisionLabels() string {
	return recordLabel + "=" + revisionRecord + "," + instanceLabel + "=" + t.Name
}

// Records returns what otlpctl remembers of the deployment, and that goes with it.
func (d *Deployed) Records() []Ref {
	refs := make([]Ref, len(d.records))
	for i, record := range d.records {
		refs[i] = refOf(record)
	}
	return refs
}

// remembered returns the inventory and all revisions of a deployment, of which there may be none.
func (c *Client) remembered(ctx context.Context, t Target) (inventory, []Revision, error) {
	in, err := c.readInventory(ctx, t)
	if err != nil {
		return in, nil, err
	}
	revisions, err := c.Revisions(ctx, t)
	return in, revisions, err
}
