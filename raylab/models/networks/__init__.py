"""Neural decoders: from rows of activity, in order of time, to class scores or values.

- base: the class that every network extends, and the input layer of each session.
- build: the network that a config names.
- perceptron, recurrent, tcn, transformer: networks that read rows.
- graph, edges: attention among neighbouring units, and which units are neighbours.
"""
