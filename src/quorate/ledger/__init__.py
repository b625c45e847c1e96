"""Facts that nobody can take back: an EVM chain behind one port, embedded or replayed offline."""
