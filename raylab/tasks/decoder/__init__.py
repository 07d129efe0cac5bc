"""The decoder family: a label predicted from activity.

- `family` is the task; `model` is the torch module, a network or stored readouts.
- `targets` encodes the label; `examples` picks the examples and their rows of activity.
- `scale` centres and scales targets. `readouts` fits classical readouts; `predictions` predicts and
  scores held-out examples.
- `frames` is the loss for movie frames; `graphs` builds the graphs of graph networks.
- `kept` picks the arrays that figures are drawn from.
"""
