"""Entry point of `serin`: arguments in, exit code out. Commands import what they need when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.outcome import CommandError, ExitCode, one_line
from serin.errors import SerinError

if TYPE_CHECKING:
    from cli.endpoint import Endpoint

_EXIT_CODES: Final = "\n".join(f"{code:d}  {code.meaning}" for code in ExitCode)

# Plain help: importing rich would cost three times what the whole command does.
app: Final = typer.Typer(
    name="serin",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=f"""A trained model as a typed HTTP endpoint: here, in a container, on AWS Lambda.

\b
examples:
  serin serve
  serin models
  serin predict breast-cancer --input row.json
  serin predict breast-cancer --input row.json --url http://127.0.0.1:3000
  serin predict breast-cancer --input row.json --stage dev
  serin bench breast-cancer

\b
exit codes:
{_EXIT_CODES}
""",
)


def _complete_model(incomplete: str) -> list[str]:
    """Names for the shell's completion, from the models folder of the working directory."""
    return sorted(file.parent.name for file in Path("models").glob(f"{incomplete}*/model.yaml"))


Models = Annotated[
    Path, typer.Option("--models", metavar="DIR", envvar="SERIN_MODELS", help="Folder that holds the model folders.")
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model.", autocompletion=_complete_model)]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Endpoint, with its stage if it has one.")]
Stage = Annotated[
    str | None, typer.Option("--stage", metavar="NAME", help="Endpoint deployed in your AWS account, with its key.")
]
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", metavar="KEY", envvar="SERIN_API_KEY", help="Sent as x-api-key to the endpoint."),
]
Token = Annotated[
    str | None,
    typer.Option("--token", metavar="JWT", envvar="SERIN_TOKEN", help="Sent as bearer token to the endpoint."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]

_MODELS: Final = Path("models")


@app.command()
def serve(
    models: Models = _MODELS,
    port: Annotated[int, typer.Option(min=0, max=65535, envvar="PORT", help="0 takes any free port.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    reload: Annotated[bool, typer.Option("--reload", help="Serve a model anew when its folder changes.")] = False,
) -> None:
    """Serve every model over HTTP.

    Ends on Ctrl-C or SIGTERM, after the requests in flight have their answers; a second Ctrl-C does not wait for
    them. URLs go to stdout, with one line a model to paste into a shell. The log goes to stderr: one JSON line a
    request.

    \b
    examples:
      serin serve
      serin serve --port 8080 --models ../other/models
      serin serve --reload
    """
    from cli.serve import ServeOptions, serve

    serve(ServeOptions(models=models, host=host, port=port, reload=reload))


@app.command()
def models(
    models: Models = _MODELS,
    url: Url = None,
    stage: Stage = None,
    api_key: ApiKey = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """List the models of a folder, or of an endpoint.

    \b
    examples:
      serin models
      serin models --json
      serin models --url http://127.0.0.1:3000
      serin models --stage dev
    """
    from cli.models import list_models

    list_models(models, endpoint=_endpoint(url, stage, api_key, token), as_json=as_json)


@app.command()
def predict(
    model: Model,
    input: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--input", metavar="FILE", help="JSON: a row, a list of rows or a request body; - is stdin.")
    ],
    models: Models = _MODELS,
    url: Url = None,
    stage: Stage = None,
    api_key: ApiKey = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Ask a model for predictions.

    The model is one of a folder, run in this process, or with --url or --stage one of an endpoint. With --stage the
    URL and the key are looked up with your AWS credentials; a stage without keys gets a signed request. Prints one
    line a row, or with --json the answer as the endpoint gives it.

    \b
    examples:
      serin predict diabetes --input row.json
      echo '[{"age": 0.04, ...}, {...}]' | serin predict diabetes --input - --json
      serin predict diabetes --input row.json --stage dev
      SERIN_API_KEY=... serin predict diabetes --input row.json --url https://API_ID.example.com/prod
    """
    from cli.predict import predict

    predict(model, input, models=models, endpoint=_endpoint(url, stage, api_key, token), as_json=as_json)


@app.command()
def lock(
    model: Model,
    models: Models = _MODELS,
) -> None:
    """Check a model and write its lock.

    The lock holds what tools find out: digests of the files, the tensor signature, how near the golden cases come.
    A model that is not safe is refused, and the old lock stays; see `serin verify`.

    \b
    examples:
      serin lock breast-cancer
    """
    from cli.lock import lock_apart
    from cli.models import folder_of
    from serin.model_folder import LOCK_FILE

    folder = folder_of(models, model)
    golden = lock_apart(folder).golden
    cases = "no golden cases" if golden is None else f"{golden.cases} golden cases hold"
    print(f"{folder / LOCK_FILE} is written; {cases}")


@app.command()
def verify(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="Name of the model, or a folder.", autocompletion=_complete_model),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every model of the models folder.")] = False,
    models: Models = _MODELS,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of an earlier version, whose signature must hold.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.1, max=3600, help="For opening a model and its golden cases; 10, and 1 more each 10 MB."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check whether a model may be served.

    Reads the folder and the graph, then opens the model in a process of its own under limits of time and memory and
    runs its golden cases there. Prints one line a finding: file, rule, what is wrong, what to do.

    \b
    examples:
      serin verify breast-cancer
      serin verify --all --json
      serin verify ../other/iris --against ../deployed/iris
    """
    from cli.verify import folders_named, verify_models

    verify_models(folders_named(models, model, every=every), against=against, seconds=seconds, as_json=as_json)


@app.command()
def bench(
    model: Model,
    models: Models = _MODELS,
    memory: Annotated[
        str, typer.Option("--memory", metavar="MB,MB,...", help="Memory sizes, 128 to 10240 MB.")
    ] = "256,512,1024,1769,3008",
    requests: Annotated[int, typer.Option(min=10, max=10_000, help="Warm requests at each size.")] = 100,
    starts: Annotated[int, typer.Option(min=1, max=20, help="Cold starts at each size.")] = 3,
    no_cpu_limit: Annotated[
        bool, typer.Option("--no-cpu-limit", help="Measure with all processors, and say so.")
    ] = False,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw the figures, as SVG.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Set serving.memory_mb in model.yaml to the result.")] = False,
    cold_starts: Annotated[
        bool, typer.Option("--cold-starts", help="Also say what each way to have fewer cold starts costs.")
    ] = False,
    url: Url = None,
    stage: Stage = None,
    api_key: ApiKey = None,
    token: Token = None,
    rate: Annotated[
        str, typer.Option("--rate", metavar="N/s", help="Of an endpoint: requests a second, at most 100.")
    ] = "10/s",
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Of an endpoint: requests in all.")] = 100,
    clients: Annotated[int, typer.Option(min=1, max=64, help="Of an endpoint: clients at once.")] = 4,
    as_json: Json = False,
) -> None:
    """Measure a model at several memory sizes, or an endpoint under load.

    Without --url or --stage: runs the inference function under AWS's runtime interface emulator, in the share of the
    processors that each size buys, and prints start, latency, peak memory and the price of a million predictions; then
    the cheapest size whose p99 is within serving.latency_target_ms. With --url or --stage: sends a bounded number of
    requests at a bounded rate, and prints percentiles, cold starts and errors. The rows are the model's golden cases.

    \b
    examples:
      serin bench diabetes
      serin bench diabetes --memory 256,512 --requests 200 --plot diabetes.svg
      serin bench diabetes --cold-starts
      serin bench diabetes --write
      serin bench diabetes --stage dev --rate 5/s --count 300
    """
    from cli.bench.options import memory_sizes, requests_a_second

    endpoint = _endpoint(url, stage, api_key, token)
    if endpoint is not None:
        for_sizes = {"--plot": plot, "--write": write, "--cold-starts": cold_starts, "--no-cpu-limit": no_cpu_limit}
        if given := [option for option, value in for_sizes.items() if value]:
            raise CommandError(ExitCode.USAGE, f"{given[0]} goes with memory sizes, not with --url or --stage")
        from cli.bench.load import LoadOptions, bench_endpoint

        load = LoadOptions(rate=requests_a_second(rate), count=count, clients=clients, as_json=as_json)
        bench_endpoint(model, models, endpoint, load)
        return
    from cli.bench.sizes import SizesOptions, bench_sizes

    options = SizesOptions(
        memory_mb=memory_sizes(memory),
        requests=requests,
        starts=starts,
        cpu_limit=not no_cpu_limit,
        plot=plot,
        write=write,
        cold_starts=cold_starts,
        as_json=as_json,
    )
    bench_sizes(model, models, options)


@app.command()
def optimize(
    model: Model,
    models: Models = _MODELS,
    quantize: Annotated[
        list[str] | None,
        typer.Option("--quantize", metavar="KIND,...", help="Also these: int8, int8-static (needs --data), fp16."),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", metavar="onnx|ort", help="What the variants are stored as.")
    ] = "onnx",
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="Rows to compare on: .csv, .parquet, or .npz for tensors."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="Column of the data that holds the truth.")
    ] = None,
    max_metric_drop: Annotated[
        float | None, typer.Option("--max-metric-drop", min=0, help="What the metric may fall by; 0.01.")
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option("--tolerance", metavar="OUTPUT=ABS[,REL]", help="How far an output may be off instead."),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Write the winner by the rule above.")] = False,
    choose: Annotated[str | None, typer.Option("--choose", metavar="VARIANT", help="Write this variant.")] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Of the model with the winner in it; the minor number is raised.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make smaller or faster variants of a model, and say what is gained and lost.

    The variant `graph` has its graph optimised offline; --quantize adds others. Each is opened and asked in processes
    of its own, in turn with the others, in the form that a function serves. Without --auto and --choose nothing is
    written.

    A variant passes when it answers every row as the model does: within the manifest's tolerance, or --tolerance. One
    with fewer digits (int8, int8-static, fp16) has its tolerance in the manifest widened to what was measured, rounded
    up to one digit; a classifier must then call at least 99 % of the rows alike, and anything else needs --tolerance or
    --target. Golden cases must hold. With --target the metric may fall by --max-metric-drop: accuracy, ROC AUC of two
    labels, R2 of a number.

    --auto takes the variant with the smallest p50 of those that pass; of those within 5 % of it, the smallest file.
    The model stays as it is unless that p50 is more than 5 % below its own. A variant whose answers depend on the other
    rows of a batch is not taken by it while the model takes batches; chosen by name, it gets max_batch_rows: 1.

    \b
    examples:
      serin optimize digits --quantize int8,fp16
      serin optimize churn --quantize int8-static --data held-out.csv --target left --auto
      serin optimize digits --quantize int8 --choose int8 --version 2.0.0
    """
    from cli.models import folder_of
    from cli.optimize.options import optimize_options

    options = optimize_options(
        quantize=quantize or (),
        format=format,
        data=data,
        target=target,
        max_metric_drop=max_metric_drop,
        tolerance=tolerance or (),
        auto=auto,
        choose=choose,
        version=version,
        as_json=as_json,
    )
    from cli.optimize.optimize import optimize

    optimize(folder_of(models, model), options)


@app.command()
def schema() -> None:
    """Print the JSON Schema of model.yaml.

    An editor that knows it completes and checks the file as it is written.

    \b
    examples:
      serin schema > model.schema.json
    """
    from cli.schema import manifest_schema_text

    sys.stdout.write(manifest_schema_text())


def _endpoint(url: str | None, stage: str | None, api_key: str | None, token: str | None) -> Endpoint | None:
    if url is not None and stage is not None:
        raise CommandError(ExitCode.USAGE, "--url and --stage both name an endpoint; give one of them")
    if stage is not None:
        from cli.stage import stage_endpoint

        return stage_endpoint(stage, api_key, token)
    if url is None:
        return None
    from cli.credentials import given
    from cli.endpoint import Endpoint

    return Endpoint.at(url, given(api_key, token))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; what goes wrong is one line on stderr."""
    try:
        return app(args=arguments or ["--help"], prog_name="serin", standalone_mode=False) or ExitCode.OK
    except CommandError as error:
        return _refuse(error.code, error.message)
    except SerinError as error:
        return _refuse(ExitCode.REFUSED, error.message)
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "serin")
        return _refuse(ExitCode.USAGE, f"{error.format_message().rstrip('.')}; see `{command} --help`")


def _refuse(code: ExitCode, message: str) -> int:
    print("serin:", one_line(message), file=sys.stderr)
    return code


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
