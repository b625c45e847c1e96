"""Is it true? Decides alone, offline, from a bundle and a set of roots; distrusts the node."""
