"""Requests whose body, or what is said of it, is wrong; with the good ones that lie just beside."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any, Final

from serin.rest import MAX_BODY_BYTES
from tests.integration.shells import BINARY, JSON, Exchange, binary, rows
from tests.protocol_messages import binary_request, json_request
from tests.sample_models import Sample

MODEL: Final = "diabetes"
"""Whose routes are tried; all models go through the same code."""
PREDICT: Final = f"/models/{MODEL}/predict"
INFER: Final = f"/v2/models/{MODEL}/infer"
ENDLESS_LIST: Final = b"[" * 100_000


def body_exchanges(sample: Sample) -> dict[str, Exchange]:
    """All of them. ``sample``: the model ``MODEL``."""
    row = dict(sample.cases[0].instance)
    return _media_types(row) | _encodings(row) | _json_faults(row) | _row_faults(row) | _tensor_faults(sample)


def _media_types(row: Mapping[str, Any]) -> dict[str, Exchange]:
    body = rows(row)
    due = {
        "application/json; charset=utf-8": 200,
        "Application/JSON": 200,
        "application/json; charset=utf-16": 415,
        "application/json;charset=utf-7": 415,
        "application/x-www-form-urlencoded": 415,
        "text/plain": 415,
        BINARY: 415,
        "": 415,
    }
    table = {
        f"content type {kind!r}": Exchange(status, "POST", PREDICT, body, (("Content-Type", kind),))
        for kind, status in due.items()
    }
    twice = (*JSON, ("content-type", "text/plain"))
    table["no content type"] = Exchange(415, "POST", PREDICT, body, ())
    table["infer: no content type"] = Exchange(415, "POST", INFER, body, ())
    table["two content types"] = Exchange(400, "POST", PREDICT, body, twice)
    table["the same content type twice"] = Exchange(200, "POST", PREDICT, body, (*JSON, *JSON))
    return table


def _encodings(row: Mapping[str, Any]) -> dict[str, Exchange]:
    plain = rows(row)
    packed = gzip.compress(plain, mtime=0)
    bomb = gzip.compress(b" " * (MAX_BODY_BYTES + 1), mtime=0)
    fits = plain + b" " * (MAX_BODY_BYTES - len(plain))

    def encoded(status: int, body: bytes, encoding: str = "gzip") -> Exchange:
        return Exchange(status, "POST", PREDICT, body, (*JSON, ("Content-Encoding", encoding)))

    return {
        "gzip": encoded(200, packed),
        "gzip, in capitals": encoded(200, packed, "GZIP"),
        "gzip, said and not done": encoded(400, plain),
        "gzip, cut short": encoded(400, packed[:-4]),
        "gzip, wrong checksum": encoded(400, packed[:-8] + bytes(8)),
        "gzip, bytes behind it": encoded(400, packed + b"x"),
        "gzip, twice": encoded(400, gzip.compress(packed, mtime=0), "gzip, gzip"),
        "gzip, a bomb": encoded(413, bomb),
        "identity": encoded(200, plain, "identity"),
        "deflate": encoded(415, plain, "deflate"),
        "brotli": encoded(415, plain, "br"),
        "the largest body": Exchange(200, "POST", PREDICT, fits),
        "one byte too many": Exchange(413, "POST", PREDICT, fits + b" "),
    }


def literal(row: Mapping[str, Any], text: str) -> bytes:
    """A predict request in which the age is written as ``text``."""
    return rows(dict(row) | {"age": "<age>"}).replace(b'"<age>"', text.encode())


def _json_faults(row: Mapping[str, Any]) -> dict[str, Exchange]:
    good = rows(row)
    bodies: dict[str, tuple[int, bytes]] = {
        "empty": (400, b""),
        "spaces": (400, b"  \n "),
        "null": (422, b"null"),
        "a list": (422, b"[]"),
        "cut short": (400, good[:-2]),
        "trailing garbage": (400, good + b"x"),
        "two documents": (400, good + good),
        "a byte-order mark": (400, b"\xef\xbb\xbf" + good),
        "UTF-16": (400, good.decode().encode("utf-16")),
        "no UTF-8": (400, good.replace(b"age", b"\xff\xfe")),
        "NaN": (422, literal(row, "NaN")),
        "Infinity": (422, literal(row, "-Infinity")),
        "1e999": (422, literal(row, "1e999")),
        "5,000 digits": (422, literal(row, "9" * 5000)),
        "a comment": (400, literal(row, "1 /* one */")),
        "a lone surrogate": (422, b'{"instances": [{"\\ud800": 1}]}'),
        "a key twice": (400, literal(row, '1, "age": 50')),
        "a key twice, once with an escape": (400, literal(row, '1, "\\u0061ge": 50')),
        "instances twice": (400, good[:-1] + b"," + good[1:]),
        "too deep": (400, ENDLESS_LIST),
    }
    table = {f"JSON: {what}": Exchange(status, "POST", PREDICT, body) for what, (status, body) in bodies.items()}
    for what in ("empty", "null", "a list", "UTF-16", "too deep"):
        table[f"infer, JSON: {what}"] = Exchange(bodies[what][0], "POST", INFER, bodies[what][1])
    return table


def _row_faults(row: dict[str, Any]) -> dict[str, Exchange]:
    without = {name: value for name, value in row.items() if name != "age"}
    instances: dict[str, tuple[int, list[Any]]] = {
        "none": (422, []),
        "a feature is missing": (422, [without]),
        "a feature is unknown": (422, [row | {"agee": 1}]),
        "a number as text": (422, [row | {"age": "50"}]),
        "a truth value for a number": (422, [row | {"age": True}]),
        "null for a number": (422, [row | {"age": None}]),
        "half for an integer": (422, [row | {"age": 50.5}]),
        "out of range in the second row": (422, [row, row | {"age": 111}]),
        "2^63": (422, [row | {"age": 2**63}]),
        "a list for a number": (422, [row | {"age": [50]}]),
        "1,001 rows": (413, [row] * 1001),
        "1,000 rows": (200, [row] * 1000),
    }
    return {
        f"rows: {what}": Exchange(status, "POST", PREDICT, rows(*given)) for what, (status, given) in instances.items()
    }


def _tensor_faults(sample: Sample) -> dict[str, Exchange]:
    tensors = sample.model.rows.decode(rows(sample.cases[0].instance))
    name, good = sample.model.inputs[0].name, json.loads(json_request(tensors))
    only: dict[str, Any] = good["inputs"][0]

    def with_input(**fields: Any) -> bytes:
        return json.dumps({"inputs": [only | fields]}).encode()

    bodies: dict[str, tuple[int, bytes]] = {
        "cut short": (400, json_request(tensors)[:-2]),
        "no input": (422, b'{"inputs": []}'),
        "an unknown input": (422, with_input(name="other")),
        "an input twice": (422, json.dumps({"inputs": [only, only]}).encode()),
        "another datatype": (422, with_input(datatype="FP64")),
        "no datatype at all": (422, with_input(datatype="FLOAT")),
        "a negative axis": (422, with_input(shape=[-1, 10])),
        "a product that overflows": (422, with_input(shape=[2**32, 2**32])),
        "a huge axis": (422, with_input(shape=[2**40])),
        "a row too many": (413, with_input(shape=[1001, 10])),
        "no row": (422, with_input(shape=[0, 10], data=[])),
        "another rank": (422, with_input(shape=[10])),
        "a number too few": (422, with_input(data=only["data"][1:])),
        "ragged rows": (422, with_input(data=[only["data"][1:], [1.0]])),
        "text for a number": (422, with_input(data=["1.5"] * 10)),
        "an unknown output": (422, json_request(tensors, outputs=[{"name": "other"}])),
        "an output twice": (422, json_request(tensors, outputs=[{"name": sample.model.outputs[0].name}] * 2)),
        "an unknown field": (422, json_request(tensors, output=[])),
        "a key twice": (400, json.dumps(good).replace('"name"', '"name": "x", "name"', 1).encode()),
    }
    table = {f"infer: {what}": Exchange(status, "POST", INFER, body) for what, (status, body) in bodies.items()}
    packed, length = binary_request(tensors)
    for header in (-1, "abc", len(packed) + 1, 99999999999, "", "1_0"):
        table[f"infer: JSON length {header!r}"] = Exchange(400, "POST", INFER, packed, binary(header))
    table |= {
        "infer: binary, a byte short": Exchange(400, "POST", INFER, packed[:-1], binary(length)),
        "infer: binary, a byte too many": Exchange(400, "POST", INFER, packed + b"x", binary(length)),
        "infer: two JSON lengths": Exchange(400, "POST", INFER, packed, (*binary(length), *binary(length - 1))),
    }
    assert name == only["name"]
    return table
