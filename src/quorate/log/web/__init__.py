"""A log and its witnesses over HTTP: servers on one way of hosting, and the clients to them."""
