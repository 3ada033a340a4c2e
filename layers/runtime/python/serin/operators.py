"""Which operators a model file names, told from its bytes: neither ONNX Runtime nor a parser is asked.

Sound, not exact: an operator that is there is found; text that only looks like one counts, too.
"""

from __future__ import annotations

from typing import Final

DIVISIONS: Final = (b"Div", b"Mod")
"""In INT32 and INT64, the lowest number divided by -1 is a fault of the processor that ends the whole process."""

DRAWS: Final = (
    b"Bernoulli",
    b"Dropout",
    b"Multinomial",
    b"RandomNormal",
    b"RandomNormalLike",
    b"RandomUniform",
    b"RandomUniformLike",
)
"""Draw random numbers. Dropout does so only in training mode; an export for inference leaves it out."""


def names_any(artifact: bytes, operators: tuple[bytes, ...]) -> bool:
    """Whether a node of ``artifact`` has one of these types.

    ONNX's protobuf writes a type as field 4 of NodeProto, a length and the text; the ``.ort`` flatbuffer as a length of
    four bytes and the text.
    """
    return any(
        spelling + operator in artifact
        for operator in operators
        for spelling in (bytes([0x22, len(operator)]), len(operator).to_bytes(4, "little"))
    )
