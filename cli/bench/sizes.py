"""`serin bench MODEL`: one model at several memory sizes, and the cheapest that is fast enough."""

from __future__ import annotations

import json
import os
import platform
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cli.bench.function import inference_function
from cli.bench.measure import Measured, measure
from cli.bench.recommend import P99, cheapest
from cli.bench.sizes_report import Report
from cli.ending import ended_in_order
from cli.manifest_edit import write_values
from cli.models import folder_of
from cli.outcome import CommandError, ExitCode
from cli.progress import counting, waiting
from local.cpu_share import Way, way_to_limit
from local.rie_binary import rie_binary
from serin.model_folder import MANIFEST_FILE, ModelFolder, load_model_folder, read_artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class SizesOptions:
    """``plot``: where the picture goes, if anywhere. ``write``: put the result into model.yaml.

    ``cold_starts``: say also what fewer cold starts cost.
    """

    memory_mb: list[int]
    requests: int
    starts: int
    cpu_limit: bool
    plot: Path | None
    write: bool
    cold_starts: bool
    as_json: bool


def bench_sizes(name: str, models: Path, options: SizesOptions) -> None:
    """Measure, print, and where asked write.

    Raises:
        CommandError: no such model, no way to limit processors, or no size meets the target.
        ModelFolderError: the model's folder cannot be served.
        LocalError: the interface emulator or the function's packages cannot be had.
    """
    folder = load_model_folder(folder_of(models, name))
    read_artifact(folder)  # what is wrong with it is said before anything is built
    with ended_in_order():
        report = _report(folder, _way(options), options)
    print(json.dumps(report.document(), indent=2) if options.as_json else "\n".join(report.lines()))
    picture = report.picture()
    if options.plot is not None and picture is not None:
        _save(options.plot, picture)
    if report.best is None:
        raise _nothing(report)
    if options.write:
        _write(folder, report.best.memory_mb, options)


def _way(options: SizesOptions) -> Way | None:
    if not sys.platform.startswith("linux"):
        raise CommandError(ExitCode.REFUSED, "the runtime interface emulator runs on Linux; use a Linux machine")
    if not options.cpu_limit:
        if options.write:
            message = "--write needs figures under a CPU limit; leave out --no-cpu-limit"
            raise CommandError(ExitCode.USAGE, message)
        return None
    way = way_to_limit()
    if way is None:
        message = "processors cannot be limited here: no control group can be written and there is no podman"
        raise CommandError(ExitCode.REFUSED, f"{message}; --no-cpu-limit measures without, and says so")
    return way


def _report(folder: ModelFolder, way: Way | None, options: SizesOptions) -> Report:
    rie_binary()
    with ExitStack() as stack:
        with waiting("Building what the image holds"):
            function = stack.enter_context(inference_function(folder))
        with counting("Measuring", len(options.memory_mb) * options.starts) as done:
            results = [
                measure(function, memory_mb, way, starts=options.starts, requests=options.requests, done=done)
                for memory_mb in options.memory_mb
            ]
    serving = folder.manifest.serving
    return Report(
        manifest=folder.manifest,
        results=results,
        best=cheapest(results, serving.latency_target_ms, serving.architecture),
        starts=options.starts,
        requests=options.requests,
        limited_by=way.name if way else None,
        cpus=os.cpu_count() or 1,
        python=platform.python_version(),
        with_cold_starts=options.cold_starts,
    )


def _save(file: Path, picture: str) -> None:
    try:
        file.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"--plot: {file}: cannot be written ({error.strerror})") from None


def _write(folder: ModelFolder, memory_mb: int, options: SizesOptions) -> None:
    file = folder.path / MANIFEST_FILE
    changed = write_values(file, {("serving", "memory_mb"): memory_mb})
    if not options.as_json:
        print(f"{file} {'now has' if changed else 'had'} serving.memory_mb: {memory_mb}")


def _nothing(report: Report) -> CommandError:
    fits = [result for result in report.results if isinstance(result, Measured)]
    if not fits:
        return CommandError(ExitCode.REFUSED, "the model fits into none of these sizes; try larger ones with --memory")
    nearest = min(fits, key=lambda one: one.warm(P99))
    said = f"no size has its p99 within serving.latency_target_ms, {report.target_ms:g} ms"
    found = f"{nearest.memory_mb} MB come nearest with {nearest.warm(P99):.2f} ms"
    return CommandError(ExitCode.REFUSED, f"{said}; {found}; try larger ones with --memory, or raise the target")
