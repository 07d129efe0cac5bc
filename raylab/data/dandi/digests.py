"""The digests by which the DANDI archive names the contents of a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from raylab.data.fetching.hdf5 import fault
from raylab.files import file_digest

SHA256, ETAG = "dandi:sha2-256", "dandi:dandi-etag"
# The archive stores a file in parts of 64 MiB, or in at most 10,000 larger ones.
PART_BYTES, MOST_PARTS = 64 << 20, 10_000
HDF5 = (".nwb", ".h5", ".hdf5")


@dataclass(frozen=True)
class Expected:
    """What the archive says of the contents of a file.

    Attributes:
        size: Bytes; None where the archive does not say.
        digests: Hexadecimal digests by their name in the archive.
    """

    size: int | None
    digests: Mapping[str, str]

    @property
    def digest(self) -> str | None:
        """The name of the digest that is verified: SHA-256 where there is one."""
        return next((name for name in (SHA256, ETAG) if self.digests.get(name)), None)

    def fault(self, path: Path, sha256: str | None = None) -> str | None:
        """Why a file is not the expected one; None where it is.

        Args:
            sha256: The file's SHA-256, if it is known already.
        """
        size = path.stat().st_size
        if self.size is not None and size != self.size:
            return f"has {size} bytes, the archive states {self.size}"
        if self.digest == SHA256:
            actual = sha256 or file_digest(path)
        elif self.digest == ETAG:
            actual = dandi_etag(path)
        else:  # nothing to compare with: a file that was cut can still show
            return fault(path) if path.name.removesuffix(".part").endswith(HDF5) else None
        if actual == self.digests[self.digest].lower():
            return None
        return f"does not have the digest {self.digest} that the archive states"


def dandi_etag(path: Path) -> str:
    """The MD5 of the MD5s of the file's parts, and their number: `<32 digits>-<parts>`."""
    length = part_bytes(path.stat().st_size)
    whole, parts = hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while True:
            part, left = hashlib.md5(usedforsecurity=False), length
            while left and (chunk := file.read(min(left, 1 << 20))):
                part.update(chunk)
                left -= len(chunk)
            if left == length:
                return f"{whole.hexdigest()}-{parts}"
            whole.update(part.digest())
            parts += 1


def part_bytes(size: int) -> int:
    """The length of the parts of a file of `size` bytes."""
    few = math.ceil(size / PART_BYTES) < MOST_PARTS
    return PART_BYTES if few else math.ceil(size / MOST_PARTS)
