"""Something happened; here is the evidence: statements, records, publication, bundles."""
