"""Near copies: a sketch of a text, by MinHash, and how alike two sketches are."""

import struct

from rensa import RMinHash

from zjnews.text.cleaning import squeeze

SCHEME = f"rensa-{RMinHash.ALGORITHM_VERSION}/5/64"
"""Sketches of different schemes cannot be compared: algorithm, characters a shingle, bytes."""
ALIKE = 0.8
"""Share of the shingles that two texts must have in common, as far as their sketches tell; one byte
of 64 is 0.016, and two texts that share 0.9 are found alike in 99 of 100 cases."""

BANDS = 8
"""Parts of a sketch, by which others like it are found."""

_SHINGLE = 5
_BYTES = 64
_LEAST = 60  # characters below which a text is too short to be told from another one like it
_SEED = 1


def sketch(text: str) -> bytes | None:
    """The sketch of a text, 64 bytes; None for one that is too short."""
    squeezed = squeeze(text).encode("utf-8", "replace").decode()  # a half character has no bytes
    if len(squeezed) < _LEAST:
        return None
    minhash = RMinHash(num_perm=_BYTES, seed=_SEED)
    last = len(squeezed) - _SHINGLE + 1
    minhash.update([squeezed[start : start + _SHINGLE] for start in range(last)])
    # A byte of each value is enough to tell equal from different, but for 1 in 256.
    return bytes(value & 0xFF for value in minhash.digest())


def bands(sketch: bytes) -> tuple[int, ...]:
    """Eight numbers. Two texts that share 0.9 of their shingles share one of them in 99 of 100
    cases, with half of the shingles in 3. None for what is no sketch."""
    if not _is_sketch(sketch):
        return ()
    return struct.unpack(f"<{BANDS}q", sketch)


def likeness(one: bytes, other: bytes) -> float:
    """The share of the shingles that two texts have in common, estimated, 0 to 1."""
    if not _is_sketch(other):
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / _BYTES


def _is_sketch(value: object) -> bool:
    """A state that is damaged may hold anything."""
    return isinstance(value, bytes) and len(value) == _BYTES
