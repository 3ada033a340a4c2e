from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.outcome import CommandError, ExitCode
from cli.rows import read_input, request_body


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ('{"x": 1}', '{"instances":[{"x": 1}]}'),
        ('[{"x": 1}, {"x": 2}]', '{"instances":[{"x": 1}, {"x": 2}]}'),
        ('{"instances": [{"x": 1}]}', '{"instances": [{"x": 1}]}'),
        ("[]", '{"instances":[]}'),
    ],
)
def test_a_row_a_list_and_a_body_become_a_body(document: str, body: str) -> None:
    assert request_body(document.encode(), "row.json") == body.encode()


def test_values_are_left_for_the_model_to_judge() -> None:
    document = b'{"x": 1e999, "x": 123456789012345678901234567890}'
    assert request_body(document, "-") == b'{"instances":[' + document + b"]}"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"x": NaN}', "is not JSON (invalid character (byte 6))"),
        (b'{"x": 1} {"x": 2}', "is not JSON"),
        (b"5", "expected a row, a list of rows or"),
        (b'"x"', "expected a row, a list of rows or"),
    ],
)
def test_what_is_no_row_is_refused_with_its_source(document: bytes, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        request_body(document, "row.json")
    assert refused.value.code is ExitCode.USAGE
    assert refused.value.message.startswith(f"--input: row.json: {said}")


@given(st.binary(max_size=200))
def test_no_bytes_break_it(document: bytes) -> None:
    try:
        body = request_body(document, "-")
    except CommandError:
        return
    assert document in body


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3), max_size=3))
def test_every_list_of_rows_arrives_as_it_is(rows: list[dict[str, object]]) -> None:
    assert json.loads(request_body(json.dumps(rows).encode(), "-")) == {"instances": rows}


def test_input_is_read_from_a_file_or_from_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "row.json"
    file.write_bytes(b'{"x": 1}')
    assert read_input(str(file)) == b'{"x": 1}'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"x": 2}')))
    assert read_input("-") == b'{"x": 2}'


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        read_input(str(tmp_path / "no.json"))
    assert refused.value.message == f"--input: {tmp_path / 'no.json'}: cannot be read (No such file or directory)"
