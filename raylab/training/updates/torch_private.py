"""What raylab needs of torch's private API: the fused kernels of Adam and AdamW.

torch.optim's classes call the same kernels, but importing them also imports torch's compiler, which
would cost each trial's process one to two seconds. If `tests/unit/training/test_torch_private.py`
fails after an update of torch, mend this file.
"""

from __future__ import annotations

import torch
from torch import Tensor


def fused_adam_step(
    values: Tensor,
    gradient: Tensor,
    mean: Tensor,
    square: Tensor,
    step: Tensor,
    *,
    lr: float,
    betas: tuple[float, float],
    weight_decay: float,
    eps: float,
    decoupled: bool,
) -> None:
    """One update of Adam, or of AdamW (`decoupled`), in place.

    Args:
        mean, square: Running means of the gradient and of its square; updated too.
        step: Number of this update, from 1, as a tensor.
    """
    update = torch._fused_adamw_ if decoupled else torch._fused_adam_
    update(
        [values],
        [gradient],
        [mean],
        [square],
        [],
        [step],
        lr=lr,
        beta1=betas[0],
        beta2=betas[1],
        weight_decay=weight_decay,
        eps=eps,
        amsgrad=False,
        maximize=False,
    )
