"""The only place where rooms meet: configuration, wiring, and the flows that drive them."""
