"""Answers to questions that were asked before: a least-recently-used cache of what a run gave, for one model.

A question is the typed input as the model sees it, after the manifest's policies: two spellings of one row are one
question. Only models whose answer depends on the question alone may have such a cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from serin.tensor import Tensor

Question = tuple[Hashable, ...]
"""Names of the wanted outputs, then shape and bytes of every input in the model's order, whole: no two are mistaken."""

Answer = dict[str, Tensor]


class _Kept(NamedTuple):
    answer: Answer
    size: int
    expires: float


class AnswerCache:
    """Bounded in number, in bytes and in time. Safe to use from several threads at once."""

    def __init__(
        self, *, size: int, seconds: float, max_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size = size
        self._seconds = seconds
        self._free = max_bytes
        self._clock = clock
        self._kept: dict[Question, _Kept] = {}  # in order of use, the least recent first
        self._lock = Lock()

    def get(self, question: Question) -> Answer | None:
        """The answer, if it is known and not older than ``seconds``."""
        with self._lock:
            kept = self._kept.pop(question, None)
            if kept is None:
                return None
            if kept.expires <= self._clock():
                self._free += kept.size
                return None
            self._kept[question] = kept
            return kept.answer

    def put(self, question: Question, answer: Answer) -> None:
        """Keep ``answer``. What was least recently asked makes room; an answer that takes more than all is not kept."""
        size = _bytes_of(question) + sum(_bytes_of((tensor.data,)) for tensor in answer.values())
        with self._lock:
            self._forget(question)
            while self._kept and (len(self._kept) >= self._size or self._free < size):
                self._forget(next(iter(self._kept)))
            if size <= self._free:
                self._kept[question] = _Kept(answer, size, self._clock() + self._seconds)
                self._free -= size

    def _forget(self, question: Question) -> None:
        kept = self._kept.pop(question, None)
        if kept is not None:
            self._free += kept.size


def question_of(inputs: Mapping[str, Tensor], names: Iterable[str], outputs: Sequence[str]) -> Question:
    """What identifies a question.

    Args:
        inputs: Every input, policies applied.
        names: The model's inputs in its own order, so that the request's order says nothing.
        outputs: Names of the wanted outputs.
    """
    parts: list[Hashable] = [tuple(outputs)]
    for name in names:
        tensor = inputs[name]
        parts.append(tensor.shape)
        parts.append(tuple(tensor.data) if isinstance(tensor.data, list) else bytes(tensor.data))
    return tuple(parts)


def _bytes_of(parts: Iterable[object]) -> int:
    """Bytes that strings and buffers among ``parts`` take; the rest is small change."""
    total = 0
    for part in parts:
        if isinstance(part, bytes | bytearray | memoryview):
            total += len(part)
        elif isinstance(part, tuple | list):
            total += _bytes_of(part)
    return total
