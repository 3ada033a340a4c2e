"""`serin release`: arguments in. What a command needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.arguments import MODELS, Json, Model, Models, complete_model

release_app: Final = typer.Typer(
    rich_markup_mode=None,
    help="""How new versions take over: judged, step by step.

\b
examples:
  serin release status
  serin release status diabetes --watch
  serin release rollback diabetes --reason "wrong answers for women above 70"
  serin release simulate --traffic 10/s
""",
)

Stage = Annotated[str, typer.Option("--stage", metavar="NAME", help="The stage, deployed in your AWS account.")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, as it is to stand in the record; 500 characters at most.")
]
_DEV: Final = "dev"


@release_app.command("status")
def status(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Name of the model; all.", autocompletion=complete_model)
    ] = None,
    stage: Stage = _DEV,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew until the release ends.")] = False,
    as_json: Json = False,
) -> None:
    """Show where the last release of a model is, or of every model.

    What each version has of the traffic now and what was asked of it, how long it goes on, and per measure the
    estimates, the bounds, what is allowed and the verdict so far.

    Exits with 0 when it was promoted, 6 while it is on its way or held, 7 when it ended otherwise.

    \b
    examples:
      serin release status
      serin release status diabetes --stage prod --watch
      serin release status diabetes --json
    """
    from cli.release.status import show_status

    show_status(stage, model, watch=watch, as_json=as_json)


@release_app.command("history")
def history(
    model: Model,
    stage: Stage = _DEV,
    number: Annotated[int | None, typer.Option(min=1, help="This release alone, with its evidence.")] = None,
    as_json: Json = False,
) -> None:
    """List the last 50 releases of a model, newest first: when, what, how it ended, by whom and why.

    \b
    examples:
      serin release history diabetes
      serin release history diabetes --number 7
      serin release history diabetes --stage prod --json
    """
    from cli.release.history import show_history

    show_history(stage, model, number=number, as_json=as_json)


@release_app.command("start")
def start(
    model: Model,
    reason: Reason,
    stage: Stage = _DEV,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="1.2.0, or Lambda's number; default: the newest."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Release a version once more: golden cases, then step by step.

    A release that is on its way is superseded. A deploy starts one by itself.

    \b
    examples:
      serin release start diabetes --reason "the store is fixed"
      serin release start diabetes --version 1.2.0 --stage prod --reason "the store is fixed"
    """
    from cli.release.order import give_order

    give_order(stage, model, "start", reason=reason, version=version, as_json=as_json)


@release_app.command("abort")
def abort(model: Model, reason: Reason, stage: Stage = _DEV, as_json: Json = False) -> None:
    """End the release that is on its way: the stable version has all of the traffic, at once.

    \b
    examples:
      serin release abort diabetes --reason "looks odd"
    """
    from cli.release.order import give_order

    give_order(stage, model, "abort", reason=reason, as_json=as_json)


@release_app.command("promote")
def promote(model: Model, reason: Reason, stage: Stage = _DEV, as_json: Json = False) -> None:
    """End the release that is on its way: the new version has all of the traffic, whatever the judge says.

    Not before its golden cases are answered as is due: they cannot be overruled.

    \b
    examples:
      serin release promote diabetes --reason "checked by hand: 40 answers are right"
    """
    from cli.release.order import give_order

    give_order(stage, model, "promote", reason=reason, as_json=as_json)


@release_app.command("rollback")
def rollback(
    model: Model,
    reason: Reason,
    stage: Stage = _DEV,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="VERSION", help="1.2.0, or Lambda's number; default: the stable one of the last release."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also to a version that does not say it is ready.")] = False,
    as_json: Json = False,
) -> None:
    """Send everyone to an earlier version, at once, whatever is on its way.

    The version is asked first whether it is ready; if not, nothing is moved.

    \b
    examples:
      serin release rollback diabetes --reason "wrong answers for women above 70"
      serin release rollback diabetes --to 1.1.0 --reason "1.2.0 was wrong, too"
    """
    from cli.release.order import give_order

    give_order(stage, model, "rollback", reason=reason, version=to, force=force, as_json=as_json)


@release_app.command("simulate")
def simulate_release(
    traffic: Annotated[
        str | None, typer.Option("--traffic", metavar="N/h", help="Clients' requests: 10/h, 30/m, 1000/s.")
    ] = None,
    error_rate: Annotated[
        str, typer.Option("--error-rate", metavar="SHARE", help="Of the stable version, and of the new one: 0.1%.")
    ] = "0.1%",
    new_error_rate: Annotated[
        str | None, typer.Option("--new-error-rate", metavar="SHARE", help="Of the new version, if another.")
    ] = None,
    latency_factor: Annotated[
        float, typer.Option(min=0.1, max=100, help="How many times as long the new version takes.")
    ] = 1.0,
    slow_share: Annotated[
        str, typer.Option("--slow-share", metavar="SHARE", help="Which of its requests do: the slowest 5%, or all.")
    ] = "100%",
    shift: Annotated[
        str, typer.Option("--shift", metavar="SHARE", help="Answers of the new version in another bin than before.")
    ] = "0",
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Whose `release` in model.yaml.", autocompletion=complete_model),
    ] = None,
    models: Models = MODELS,
    steps: Annotated[
        str | None, typer.Option("--steps", metavar="PERCENT,...", help="Other steps than model.yaml's.")
    ] = None,
    bake: Annotated[
        float | None, typer.Option("--bake", metavar="MINUTES", min=0.1, max=1440, help="Between looks.")
    ] = None,
    max_duration: Annotated[
        float | None, typer.Option("--max-duration", metavar="MINUTES", min=1, max=20160, help="Of a release.")
    ] = None,
    golden: Annotated[
        int, typer.Option(min=0, max=10_000, help="Requests replayed to both after a look that knew too little.")
    ] = 0,
    releases: Annotated[int, typer.Option(min=1, max=100_000, help="How many to simulate.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    all_scenarios: Annotated[
        bool, typer.Option("--all-scenarios", help="Every scenario at every traffic, as a table in Markdown.")
    ] = False,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw the figures, as SVG.")] = None,
    as_json: Json = False,
) -> None:
    """Show what the judge does with a release, beside the usual fixed schedules.

    Draws many releases at random and puts them before the real judge: how long until a verdict, how often a bad version
    is promoted or a good one rolled back, and how many bad answers clients get. Nothing is sent anywhere.

    Exits with 6 when the judge came to no verdict in any of them: then so few requests do not do for these steps.

    \b
    examples:
      serin release simulate --traffic 10/s --new-error-rate 5%
      serin release simulate --traffic 10/h --shift 30% --steps 50 --max-duration 1440
      serin release simulate --traffic 1/s --latency-factor 3 --slow-share 5% --plot simulated.svg
      serin release simulate --all-scenarios --releases 1000
    """
    from cli.release.options import Behaviours, compared
    from cli.release.options import steps as read_steps
    from cli.release.simulate import SimulateOptions, simulate_releases

    behaviours = Behaviours(
        traffic=traffic,
        error_rate=error_rate,
        new_error_rate=new_error_rate,
        latency_factor=latency_factor,
        slow_share=slow_share,
        shift=shift,
    )
    options = SimulateOptions(
        traffic=compared(behaviours, all_scenarios=all_scenarios),
        steps=None if steps is None else read_steps(steps),
        bake_minutes=bake,
        max_duration_minutes=max_duration,
        golden=golden,
        releases=releases,
        seed=seed,
        plot=plot,
        as_json=as_json,
    )
    simulate_releases(options, model=model, models=models)
