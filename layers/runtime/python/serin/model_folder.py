"""A model folder on disk, read and checked: ``model.yaml`` against ``model.lock.json`` against the files.

Raises ``ModelFolderError`` with the file and the field for whatever a person has to mend. Opens no model:
that is the engine's work, on bytes this module has checked.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import yaml

from serin.baseline import Baseline
from serin.errors import ModelFolderError
from serin.lock import Lock, LockedFile
from serin.manifest import Manifest
from serin.manifest_rules import contradictions

MANIFEST_FILE: Final = "model.yaml"
LOCK_FILE: Final = "model.lock.json"
GOLDEN_FILE: Final = "golden.jsonl"
BASELINE_FILE: Final = "baseline.json"
SIGNATURE_FILE: Final = "model.sig"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What a folder says, checked but for the artifact's bytes, which ``read_artifact`` checks as it reads."""

    path: Path
    manifest: Manifest
    lock: Lock
    baseline: Baseline | None


def find_model_folders(models: Path) -> list[Path]:
    """Sub-folders that hold a ``model.yaml``, by name.

    Raises:
        ModelFolderError: ``models`` is no folder, or holds no model.
    """
    if not models.is_dir():
        raise ModelFolderError(str(models), None, "no such folder; pass the folder that holds the model folders")
    found = sorted(path.parent for path in models.glob(f"*/{MANIFEST_FILE}"))
    if not found:
        raise ModelFolderError(str(models), None, f"no model here; a model is a sub-folder with a {MANIFEST_FILE}")
    return found


def load_model_folder(path: Path) -> ModelFolder:
    """Manifest, lock and baseline of ``path``, each valid and in agreement.

    Raises:
        ModelFolderError: with the file, the field and what to do.
    """
    manifest = load_manifest(path / MANIFEST_FILE)
    if manifest.name != path.resolve().name:
        raise ModelFolderError(str(path / MANIFEST_FILE), "name", f"must be the folder's name, {path.resolve().name!r}")
    lock = load_lock(path / LOCK_FILE)
    check_agreement(manifest, lock, path)
    if lock.golden is not None:
        read_locked(path, lock.golden.file, "golden.file")
    return ModelFolder(path=path, manifest=manifest, lock=lock, baseline=_load_baseline(path, lock))


def load_manifest(file: Path) -> Manifest:
    """Read one ``model.yaml``.

    Raises:
        ModelFolderError: unreadable, not YAML, an unknown key (with a suggestion), a wrong type, or a
            contradiction between sections.
    """
    manifest = _convert(_parse_yaml(file), Manifest, file)
    for field, problem in contradictions(manifest):
        raise ModelFolderError(str(file), field, problem)
    return manifest


def load_lock(file: Path) -> Lock:
    """Read one ``model.lock.json``.

    Raises:
        ModelFolderError: unreadable, not JSON, or not a lock of this version.
    """
    return _convert(_parse_json(_read(file), file), Lock, file)


def check_agreement(manifest: Manifest, lock: Lock, path: Path) -> None:
    """Everything that both files state must be equal.

    Raises:
        ModelFolderError: naming the manifest's field.
    """

    def tensors(items: tuple[Any, ...]) -> list[tuple[str, str, tuple[int, ...]]]:
        return [(item.name, str(item.datatype), item.shape) for item in items]

    pairs: list[tuple[str, object, object]] = [
        ("name", manifest.name, lock.name),
        ("version", manifest.version, lock.version),
        ("artifact.file", manifest.artifact.file, lock.artifact.file),
    ]
    for kind in ("inputs", "outputs"):
        declared, locked = tensors(getattr(manifest, kind)), tensors(getattr(lock.signature, kind))
        pairs.append((kind, [name for name, *_ in declared], [name for name, *_ in locked]))
        for i, ((_, *a), (_, *b)) in enumerate(zip(declared, locked, strict=False)):
            pairs.append((f"{kind}[{i}]", a, b))
    for field, declared_value, locked_value in pairs:
        if declared_value != locked_value:
            raise ModelFolderError(
                str(path / MANIFEST_FILE),
                field,
                f"says {declared_value} but {LOCK_FILE} has {locked_value}; mend it, or run `serin lock {path.name}`",
            )


def read_artifact(folder: ModelFolder) -> bytes:
    """The artifact's bytes, read once and checked: what is returned is what was hashed.

    Raises:
        ModelFolderError: missing, a link, or not the bytes that the lock names.
    """
    return read_locked(folder.path, folder.lock.artifact, "artifact")


def read_locked(path: Path, locked: LockedFile, field: str) -> bytes:
    """Bytes of a locked file, equal to their digest.

    Raises:
        ModelFolderError: missing, a link, or changed since it was locked.
    """
    file = path / locked.file
    if file.is_symlink():
        raise ModelFolderError(str(file), None, "is a symbolic link; put the file itself into the folder")
    data = _read(file)
    if len(data) != locked.bytes or hashlib.sha256(data).hexdigest() != locked.sha256:
        raise ModelFolderError(
            str(file),
            None,
            f"is not the file that {LOCK_FILE} names ({field}.sha256); restore it, or run `serin lock {path.name}`",
        )
    return data


def _load_baseline(path: Path, lock: Lock) -> Baseline | None:
    if lock.baseline is None:
        return None
    file = path / lock.baseline.file
    return _convert(_parse_json(read_locked(path, lock.baseline, "baseline"), file), Baseline, file)


def _parse_json(data: bytes, file: Path) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ModelFolderError(str(file), None, "is not JSON; write it anew with `serin lock`") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        hint = "; write it with `serin lock`" if file.name == LOCK_FILE else ""
        raise ModelFolderError(str(file), None, f"is missing{hint}") from None
    except OSError as error:
        raise ModelFolderError(str(file), None, f"cannot be read ({error.strerror})") from None


# --- YAML, strictly -------------------------------------------------------------------------------------------


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key is text and stands once, numbers are finite and dates are text."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError):  # what PyYAML's constructors let through
            kind = node.tag.rpartition(":")[2]
            raise yaml.constructor.ConstructorError(None, None, f"is no valid {kind}", node.start_mark) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise yaml.constructor.ConstructorError(None, None, "a number must be finite", node.start_mark)
        return value


def _construct_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, "a key is not text; quote it", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    return dict(loader.construct_pairs(node, deep=True))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse_yaml(file: Path) -> Any:
    try:
        # SafeLoader's subclass: constructs plain data only.
        return yaml.load(_read(file).decode("utf-8"), Loader=_StrictLoader)  # noqa: S506
    except UnicodeDecodeError:
        raise ModelFolderError(str(file), None, "is not UTF-8 text") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else None
        problem = getattr(error, "problem", None) or "is not readable YAML"
        raise ModelFolderError(str(file), where, problem) from None


# --- msgspec's errors, in our words ---------------------------------------------------------------------------

_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(?P<key>.*)`\Z", re.DOTALL)
_MISSING: Final = re.compile(r"^Object missing required field `(?P<key>.*)`\Z", re.DOTALL)


def _convert(document: Any, type_: type[_T], file: Path) -> _T:
    try:
        return msgspec.convert(document, type_, strict=True)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).rpartition(" - at `$") if " - at `$" in str(error) else (str(error), "", "")
        field, problem = _explain(problem, path.rstrip("`").lstrip("."), type_)
        raise ModelFolderError(str(file), field, problem) from None


def _explain(problem: str, path: str, type_: type) -> tuple[str | None, str]:
    def join(key: str) -> str:
        return f"{path}.{key}" if path else key

    if unknown := _UNKNOWN.match(problem):
        known = sorted(set(_known_keys(type_)))
        close = difflib.get_close_matches(unknown["key"], known, n=1)
        return join(unknown["key"]), "unknown key" + (f"; did you mean `{close[0]}`?" if close else "")
    if missing := _MISSING.match(problem):
        return join(missing["key"]), "is required"
    return path or None, problem[:1].lower() + problem[1:]


def _known_keys(type_: type) -> Iterator[str]:
    """Keys of ``type_`` and of every struct below it, from the published schema."""
    _, components = msgspec.json.schema_components([type_])
    for component in components.values():
        yield from component.get("properties", {})
