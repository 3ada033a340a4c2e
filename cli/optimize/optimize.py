"""`serin optimize`: variants made, measured and judged; the winner written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.manifest_edit import KeyPath, told
from cli.optimize.choose import Candidate, choose
from cli.optimize.gates import Asked, Bar, Judgement, Questions, ask, judge
from cli.optimize.making import Variant, make_variants
from cli.optimize.measure import ROUNDS, Figures, measure
from cli.optimize.metric import checked_target, metric, metric_name
from cli.optimize.options import OptimizeOptions
from cli.optimize.report import Outcome, Report, plain, text
from cli.optimize.rows import AskedRows, data_rows, golden_rows, is_batched
from cli.optimize.variants import CALIBRATION_PREFIX, CALIBRATION_ROWS, PRESENT, Kind
from cli.optimize.write import check_raised, manifest_changes, next_version, write_variant
from cli.outcome import CommandError, ExitCode, one_line
from cli.packaging.onnx_session import dtype_of
from cli.progress import counting
from serin.admission import admit
from serin.golden import read_golden
from serin.manifest import Manifest, Scalar
from serin.model_folder import ModelFolder, load_model_folder, read_artifact

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


_NEEDED: Final = ("numpy", "onnx", "pandas")


def optimize(folder: Path, options: OptimizeOptions) -> None:
    """Report on the variants of one model, and write the winner where there is to be one.

    Raises:
        CommandError: the options do not fit the model, or the variant that was chosen must not be.
        SourceRefused: the data does not fit the model.
        ModelFolderError: the model is not admitted, or the winner cannot be written.
    """
    if absent := next((name for name in _NEEDED if find_spec(name) is None), None):
        message = f"{absent} is not installed; `.venv/bin/pip install -e '.[package]'`"
        raise CommandError(ExitCode.REFUSED, message)
    model, kinds = _opened(folder, options), _kinds(options)
    questions = _questions(model, options)
    target = None if questions.rows.target is None else _target(model.manifest, questions.rows)
    with tempfile.TemporaryDirectory(prefix="serin-") as name:
        scratch = Path(name)
        with counting("Making and measuring variants", len(kinds) * (ROUNDS + 2)) as done:
            variants = _make(model, kinds, questions, options, scratch, done)
            figures = measure(
                [v for v in variants if not v.problem], questions.rows.tensors, model.manifest, scratch, done
            )
            judged = _judge(variants, figures, questions, target, options, done)
        report = Report(
            manifest=model.manifest,
            rows=len(questions.rows),
            origin=questions.rows.origin,
            metric=None if target is None else metric_name(model.manifest.prediction),
            outcomes=[_outcome(variant, figures, judged) for variant in variants],
        )
        winner = _winner(report, options)
        _finish(model, report, winner, options)


# --- What is asked --------------------------------------------------------------------------------------------


def _opened(folder: Path, options: OptimizeOptions) -> ModelFolder:
    admit(folder)  # its first opening is not here
    model = load_model_folder(folder)
    manifest = model.manifest
    if manifest.artifact.format == "ort":
        message = f"{manifest.artifact.file} is in ONNX Runtime's own format; optimise the .onnx that it was made of"
        raise CommandError(ExitCode.REFUSED, f"{manifest.name}: {message}")
    names = [output.name for output in manifest.outputs]
    if strange := [output for output in options.tolerances if output not in names]:
        known = ", ".join(names)
        raise CommandError(ExitCode.USAGE, f"--tolerance: the model has no output {strange[0]!r}; it has {known}")
    if options.version is not None:
        check_raised(manifest.version, options.version)
    return model


def _kinds(options: OptimizeOptions) -> tuple[Kind, ...]:
    kinds: tuple[Kind, ...] = (PRESENT, "graph", *options.quantize)
    if options.choose is not None and options.choose not in kinds:
        message = f"--choose: {options.choose!r} is not made here, only {', '.join(kinds)}; add it with --quantize"
        raise CommandError(ExitCode.USAGE, message)
    return kinds


def _questions(model: ModelFolder, options: OptimizeOptions) -> Questions:
    manifest = model.manifest
    batched = is_batched(manifest)
    golden = None if model.lock.golden is None else model.path / model.lock.golden.file.file
    cases = [] if golden is None else read_golden(golden)
    if options.data is not None:
        rows = data_rows(manifest, options.data, options.target)
    else:
        rows = golden_rows(manifest, cases, golden or model.path)
    return Questions(manifest=manifest, rows=rows, cases=cases, batched=batched)


def _target(manifest: Manifest, rows: AskedRows) -> Array:
    assert rows.target is not None  # noqa: S101 - for the type; the caller has seen to it
    return checked_target(manifest.prediction, rows.target)


# --- What comes of it -----------------------------------------------------------------------------------------


def _make(
    model: ModelFolder,
    kinds: Sequence[Kind],
    questions: Questions,
    options: OptimizeOptions,
    scratch: Path,
    done: Callable[[], None],
) -> list[Variant]:
    artifact = scratch / "model.onnx"
    artifact.write_bytes(read_artifact(model))
    calibration = _calibration(questions, model.path, scratch) if "int8-static" in kinds else None
    variants = make_variants(
        kinds,
        artifact,
        model.manifest,
        scratch,
        stored_as=options.format,
        calibration=calibration,
        batched=questions.batched,
        done=done,
    )
    if variants[0].problem:
        raise CommandError(ExitCode.REFUSED, f"{model.manifest.name}: {variants[0].problem}")
    return variants


def _calibration(questions: Questions, folder: Path, scratch: Path) -> Path:
    """Rows of the data, and the golden ones: these have to hold, so what they reach has to be within the ranges."""
    import numpy as np

    rows, manifest = questions.rows.tensors, questions.manifest
    golden = golden_rows(manifest, questions.cases, folder).tensors if questions.cases else {}
    count = len(questions.rows)
    places = np.linspace(0, count - 1, min(count, CALIBRATION_ROWS)).round().astype(int)
    together = {}
    for tensor in manifest.inputs:
        parts = [rows[tensor.name][places]]
        if all(name in golden and golden[name].shape[1:] == rows[name].shape[1:] for name in rows):
            parts.append(golden[tensor.name])
        together[tensor.name] = np.concatenate([part.astype(dtype_of(tensor.datatype)) for part in parts])
    file = scratch / "calibration.npz"
    named = {CALIBRATION_PREFIX + name: values for name, values in together.items()}
    np.savez(file, **named)  # type: ignore[arg-type]  # none of them is savez's own argument
    return file


def _judge(
    variants: Sequence[Variant],
    figures: Mapping[str, Figures | str],
    questions: Questions,
    target: Array | None,
    options: OptimizeOptions,
    done: Callable[[], None],
) -> dict[str, Judgement | str]:
    asked: dict[str, Asked | str] = {}
    for variant in variants:
        if isinstance(figures.get(variant.kind), Figures):
            asked[variant.kind] = ask(variant, questions)
        done()
    present = asked.get(PRESENT, figures.get(PRESENT))
    if not isinstance(present, Asked):
        raise CommandError(ExitCode.REFUSED, f"{questions.manifest.name}: {present}")
    bar = Bar(
        manifest=questions.manifest,
        rows=questions.rows,
        cases=questions.cases,
        batched=questions.batched,
        answers=present.answers,
        tolerances=options.tolerances,
        max_metric_drop=options.max_metric_drop,
        target=target,
        metric=None if target is None else metric(questions.manifest.prediction, present.answers, target),
    )
    by_kind: dict[str, Variant] = {variant.kind: variant for variant in variants}
    return {kind: one if isinstance(one, str) else judge(by_kind[kind], one, bar) for kind, one in asked.items()}


def _outcome(variant: Variant, figures: Mapping[str, Figures | str], judged: Mapping[str, Judgement | str]) -> Outcome:
    measured, judgement = figures.get(variant.kind), judged.get(variant.kind)
    failures = [said for said in (variant.problem, measured, judgement) if isinstance(said, str)]
    return Outcome(
        variant=variant,
        figures=measured if isinstance(measured, Figures) else None,
        judgement=judgement if isinstance(judgement, Judgement) else None,
        problems=(*failures, *(judgement.problems if isinstance(judgement, Judgement) else ())),
    )


# --- The winner -----------------------------------------------------------------------------------------------


def _winner(report: Report, options: OptimizeOptions) -> Outcome | None:
    """Who is to be written; None where nobody is."""
    by_name = {outcome.name: outcome for outcome in report.outcomes}
    if options.choose is not None:
        return by_name[options.choose]
    if not options.auto:
        return None
    batches = report.manifest.serving.max_batch_rows > 1
    candidates = [
        Candidate(
            name=outcome.name,
            p50_ms=outcome.figures.p50_ms,
            stored_bytes=outcome.variant.stored.stat().st_size,
            fit=outcome.passes and not (outcome.varies and batches),
        )
        for outcome in report.outcomes
        if outcome.figures is not None
    ]
    return by_name[choose(candidates[0], candidates[1:])]


def _finish(model: ModelFolder, report: Report, winner: Outcome | None, options: OptimizeOptions) -> None:
    """Print the report, write the winner, and say so. A winner that does not pass is refused after the report."""
    if not options.as_json:
        print(text(report))
    refused = winner is not None and not winner.passes
    changes = {} if winner is None or refused else _write(model, winner, options)
    if options.as_json:
        written = {told(path): value for path, value in changes.items()}
        said = {**plain(report), "winner": None if winner is None or refused else winner.name, "written": written}
        print(json.dumps(said, indent=2, ensure_ascii=False))
    if winner is not None and refused:
        raise CommandError(ExitCode.REFUSED, f"--choose {winner.name}: {winner.problems[0]}; nothing is written")
    if not options.as_json:
        _say(model, winner, changes)


def _write(model: ModelFolder, winner: Outcome, options: OptimizeOptions) -> dict[KeyPath, Scalar]:
    """Write the winner; what the manifest says anew."""
    if winner.variant.is_present:
        return {}
    version = options.version or next_version(model.manifest.version)
    widened = {} if winner.judgement is None else winner.judgement.tolerances
    changes = manifest_changes(model.manifest, winner.variant, version, widened, alone=winner.varies)
    write_variant(model, winner.variant, changes)
    return changes


def _say(model: ModelFolder, winner: Outcome | None, changes: Mapping[KeyPath, Scalar]) -> None:
    if winner is None:
        print("Nothing is written; --choose NAME or --auto names the winner.")
    elif not changes:
        print(f"The winner is {winner.name}; {model.path} stays as it is.")
    else:
        lines = ", ".join(f"{told(path)}: {value}" for path, value in changes.items())
        print(one_line(f"The winner is {winner.name}; {model.path} is written, with {lines}"))
