"""`GET /`: the models for people, in one page that loads nothing, and for programs, in JSON."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from functions.catalog.schemas import Index, IndexedModel
from serin.manifest import Classification, Manifest, Regression
from serin.openapi import curl_line
from serin.protocol import SERVER

_STATIC: Final = Path(__file__).parent / "static"
_PAGE: Final = Template((_STATIC / "index.html").read_text(encoding="utf-8"))
_CARD: Final = Template((_STATIC / "model.html").read_text(encoding="utf-8"))
_STYLE: Final = (_STATIC / "index.css").read_text(encoding="utf-8")
_STYLE_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def index(manifests: Sequence[Manifest], root: str) -> Index:
    """What the page says, for programs. ``root`` stands before every path."""
    return Index(
        name=SERVER.name,
        version=SERVER.version,
        docs=f"{root}/docs",
        openapi=f"{root}/openapi.json",
        models=tuple(
            IndexedModel(
                name=manifest.name,
                version=manifest.version,
                title=manifest.title,
                predict=f"{root}/models/{manifest.name}/predict",
                metadata=f"{root}/v2/models/{manifest.name}",
            )
            for manifest in manifests
        ),
    )


def index_page(manifests: Sequence[Manifest], root: str, scheme: str, host: str) -> str:
    """The page. ``scheme`` and ``host`` are those that the client used, for the lines it can paste."""
    origin = f"{scheme}://{host}" if _HOST.fullmatch(host) else "http://localhost"
    base = root or "."  # relative where no prefix is told: a proxy may add one
    return _PAGE.substitute(
        style=_STYLE,
        root=escape(base),
        version=escape(SERVER.version),
        count=_count(len(manifests), "model"),
        models="".join(_card(manifest, base, f"{origin}{root}") for manifest in manifests),
    )


def prefers_json(accept: str) -> bool:
    """Whether a client that sends ``accept`` asks for JSON before it asks for a page."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    wanted = [kind for kind in kinds if kind in {"application/json", "text/html"}]
    return wanted[:1] == ["application/json"]


def _card(manifest: Manifest, base: str, url: str) -> str:
    return _CARD.substitute(
        root=escape(base),
        name=escape(manifest.name),
        version=escape(manifest.version),
        title=escape(manifest.title or manifest.name),
        description=escape(manifest.description),
        facts="".join(f"<li>{escape(fact)}</li>" for fact in _facts(manifest)),
        curl=escape(curl_line(url, manifest)),
    )


def _facts(manifest: Manifest) -> list[str]:
    if manifest.features:
        takes = _count(len(manifest.features), "feature")
    else:
        takes = _count(len(manifest.inputs), "input tensor")
    return [takes, _answer(manifest), f"up to {_count(manifest.serving.max_batch_rows, 'row')} a request"]


def _answer(manifest: Manifest) -> str:
    prediction = manifest.prediction
    if isinstance(prediction, Classification):
        return f"one of {len(prediction.labels)} classes"
    if isinstance(prediction, Regression):
        return f"a number in {prediction.unit}" if prediction.unit else "a number"
    return _count(len(manifest.outputs), "output tensor")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
