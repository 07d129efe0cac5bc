"""The update of a training step.

- `optimizer` is Adam over the parameters that `flat` puts into one vector; `torch_private` has the
  kernels of torch that it calls.
- `schedule` gives the learning rate and momentum of a step.
- `memory` sets how the process keeps freed memory.
"""
