"""allensdk, whose pins no other package can share, in an environment and a process of its own."""
