"""`serin release simulate`: what the judge does with a release, before one is trusted to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cli.files import replace_text
from cli.outcome import CommandError, ExitCode
from cli.release import table
from cli.release.outcomes import simulate
from cli.release.proof import proof
from cli.release.schedules import Ending, Judged, Schedule, usual
from cli.release.traffic import Traffic
from cli.verify import folders_named
from serin.manifest import Manifest, Release
from serin.model_folder import MANIFEST_FILE, load_manifest
from serin.release.policy import policy_of


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """``traffic`` is None for every scenario at every traffic, as a Markdown table."""

    traffic: Traffic | None
    steps: tuple[int, ...] | None
    bake_minutes: float | None
    max_duration_minutes: float | None
    golden: int
    releases: int
    seed: int
    plot: Path | None
    as_json: bool


def simulate_releases(options: SimulateOptions, *, model: str | None, models: Path) -> None:
    """Print the figures, of a model's ``release`` or of the defaults, changed as the options say.

    Raises:
        CommandError: no such model, or no release fits into its time; or, after the figures, none had a verdict.
        ModelFolderError: the manifest cannot be read, or the picture not written.
    """
    manifest = _manifest(model, models) if model else None
    judged = _judged(options, manifest.release if manifest else Release())
    if options.traffic is None:
        for line in proof(judged, releases=options.releases, seed=options.seed):
            print(line, flush=True)
        return
    schedules: list[Schedule] = [judged, *usual(manifest.monitoring.error_rate_alarm if manifest else 0.01)]
    horizon = judged.max_duration_minutes
    summaries = [
        simulate(one, options.traffic, releases=options.releases, seed=options.seed, horizon=horizon)
        for one in schedules
    ]
    if options.plot:
        replace_text(options.plot, table.picture(summaries))
    if options.as_json:
        print(json.dumps(table.document(summaries), indent=2))
    else:
        print("\n".join(table.lines(summaries)))
    if summaries[0].share(Ending.HELD) == 1:
        message = f"none of {options.releases:,} releases came to a verdict within {table.duration(horizon)}"
        raise CommandError(ExitCode.NOT_ENOUGH_DATA, f"{message}; try larger --steps, or a longer --max-duration")


def _manifest(model: str, models: Path) -> Manifest:
    return load_manifest(folders_named(models, model, every=False)[0] / MANIFEST_FILE)


def _judged(options: SimulateOptions, release: Release) -> Judged:
    judged = Judged(
        steps=options.steps or release.steps,
        bake_minutes=options.bake_minutes or release.bake_minutes,
        max_duration_minutes=options.max_duration_minutes or release.max_duration_minutes,
        policy=policy_of(release),
        golden=options.golden,
    )
    if judged.bake_minutes > judged.max_duration_minutes:
        message = f"a step bakes for {judged.bake_minutes:g} minutes, and a release has {judged.max_duration_minutes:g}"
        raise CommandError(ExitCode.USAGE, f"{message}; see --bake and --max-duration")
    return judged
