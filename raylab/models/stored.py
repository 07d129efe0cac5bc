"""Arrays that a module has only once it was fitted, among its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class StoredArrays(torch.nn.Module):
    """Named buffers whose names and shapes are not known before; a state dict brings them along."""

    def store(self, arrays: Mapping[str, Tensor]) -> None:
        """In the place of what there was."""
        for name in list(self._buffers):
            del self._buffers[name]
        for name, value in arrays.items():
            self.register_buffer(name, value)

    @property
    def arrays(self) -> dict[str, Tensor]:
        return dict(self.named_buffers(recurse=False))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *more: Any) -> None:
        saved = {
            name.removeprefix(prefix): value
            for name, value in state_dict.items()
            if name.startswith(prefix)
        }
        self.store({name: torch.empty_like(value) for name, value in saved.items()})
        super()._load_from_state_dict(state_dict, prefix, *more)
