"""What the format `phy` is made of: options, tables of clusters, the file of parameters."""
