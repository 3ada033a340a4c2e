"""Entry point of `serin`: arguments in, exit code out. Commands import what they need when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.arguments import MODELS, Json, Model, Models, complete_model
from cli.outcome import CommandError, ExitCode, one_line
from cli.release.commands import release_app
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
  serin release status breast-cancer --stage dev

\b
exit codes:
{_EXIT_CODES}
""",
)
app.add_typer(release_app, name="release")

FolderOrName = Annotated[
    str, typer.Argument(metavar="MODEL", help="Name of the model, or a folder.", autocompletion=complete_model)
]
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
SignedBy = Annotated[
    Path | None,
    typer.Option("--signed-by", metavar="FILE", help="Public key (PEM) that must have signed each model: model.sig."),
]


@app.command()
def serve(
    models: Models = MODELS,
    port: Annotated[int, typer.Option(min=0, max=65535, envvar="PORT", help="0 takes any free port.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    reload: Annotated[bool, typer.Option("--reload", help="Serve a model anew when its folder changes.")] = False,
    signed_by: SignedBy = None,
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
      serin serve --signed-by signer.pem
    """
    from cli.keys import demanded_signer
    from cli.serve import ServeOptions, serve

    signer = demanded_signer(signed_by)
    serve(ServeOptions(models=models, host=host, port=port, reload=reload, signer=signer))


@app.command()
def models(
    models: Models = MODELS,
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
    models: Models = MODELS,
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
    models: Models = MODELS,
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
    from serin.model_folder import LOCK_FILE, SIGNATURE_FILE
    from serin.model_signature import is_outdated

    folder = folder_of(models, model)
    golden = lock_apart(folder).golden
    cases = "no golden cases" if golden is None else f"{golden.cases} golden cases hold"
    print(f"{folder / LOCK_FILE} is written; {cases}")
    if is_outdated(folder):
        print(
            f"{folder / SIGNATURE_FILE} is of other files now; `serin sign {folder.name}` signs these", file=sys.stderr
        )


@app.command()
def sign(
    model: Model,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Private key (PEM) on P-256, P-384 or P-521.")],
    models: Models = MODELS,
) -> None:
    """Sign every file of a model with your key, into model.sig.

    The format is OpenSSF model signing's. A key with a passphrase asks for it, or takes it from the environment
    variable SERIN_SIGNING_PASSPHRASE. Needs `pip install -e '.[sign]'`; see docs/signing.md for keys.

    \b
    examples:
      serin sign breast-cancer --key signing.pem
    """
    from cli.models import folder_of
    from cli.sign import sign_model

    sign_model(folder_of(models, model), key)


@app.command()
def verify(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="Name of the model, or a folder.", autocompletion=complete_model),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every model of the models folder.")] = False,
    models: Models = MODELS,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of an earlier version, whose signature must hold.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.1, max=3600, help="For opening a model and its golden cases; 10, and 1 more each 10 MB."),
    ] = None,
    signed_by: SignedBy = None,
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
      serin verify --all --signed-by signer.pem
    """
    from cli.keys import demanded_signer
    from cli.verify import folders_named, verify_models

    folders = folders_named(models, model, every=every)
    signer = demanded_signer(signed_by)
    verify_models(folders, against=against, signer=signer, seconds=seconds, as_json=as_json)


@app.command()
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new model.")],
    models: Models = MODELS,
) -> None:
    """Begin a model folder by hand: a commented model.yaml with blanks to fill.

    For a model that was trained with a library that `serin package` knows, that command writes all of it.

    \b
    examples:
      serin init churn
    """
    from cli.init import init_model
    from serin.model_folder import MANIFEST_FILE

    print(f"{init_model(name, models) / MANIFEST_FILE}: fill the blanks, add model.onnx, then `serin lock {name}`")


@app.command()
def package(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The trained model's file.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the model, and of its folder.")],
    data: Annotated[
        Path, typer.Option("--data", metavar="FILE", help="Training data: .csv, .parquet, or .npz for tensors.")
    ],
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="COLUMN", help="What was to be learned; may be repeated.")
    ] = None,
    holdout: Annotated[
        Path | None, typer.Option("--holdout", metavar="FILE", help="Rows that it was not trained on; default: --data.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="X.Y.Z", help="Default: 1.0.0, or the one after that is there.")
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            "--tolerance", metavar="OUTPUT=ABS[,REL]", help="How far an output may be from the source's; 1e-5,1e-5."
        ),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Open a file that may run code, without asking.")] = False,
    models: Models = MODELS,
) -> None:
    """Make a model folder of a trained model, and prove that nothing changed on the way.

    SOURCE is an estimator or a pipeline of scikit-learn (.joblib, .pkl, .skops), a model of XGBoost (.json, .ubj),
    LightGBM (.txt) or CatBoost (.cbm), a PyTorch module or exported program (.pt, .pt2), a Keras model (.keras), or
    an .onnx file. It is converted, preprocessing included, and compared with itself on the data's rows (all up to
    10,000, then a sample) and on rows at the edges; an answer out of tolerance refuses it. Features, ranges,
    categories and examples are read from the data; what you have written into model.yaml stays. Refused, the folder
    is as it was.

    \b
    examples:
      serin package model.joblib --name churn --data train.csv --target churned
      serin package model.ubj --name price --data train.parquet --holdout test.parquet --target price
      serin package net.pt2 --name digits --data images.npz --target label
    """
    from cli.package import package_model
    from cli.packaging.package import Order
    from cli.tolerances import tolerances

    order = Order(
        source=source,
        name=name,
        data=data,
        models=models,
        holdout=holdout,
        target=tuple(target or ()),
        version=version,
        tolerances=tolerances(tolerance or ()),
    )
    package_model(order, trust=trust)


@app.command()
def show(
    model: FolderOrName,
    models: Models = MODELS,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the card as a page of one file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is known of a model, as a card.

    Inputs with the distributions that the training data had, what a prediction means, metrics, parity with the source
    model, golden cases, lineage, serving, digests and an example request. The page of --html loads nothing.

    \b
    examples:
      serin show diabetes
      serin show diabetes --html diabetes.html
      serin show ../other/iris --json
    """
    from cli.card.show import show
    from cli.verify import folders_named

    show(folders_named(models, model, every=False)[0], html=html, as_json=as_json)


@app.command()
def diff(
    a: Annotated[
        str, typer.Argument(metavar="A", help="Name, folder or NAME@REVISION.", autocompletion=complete_model)
    ],
    b: Annotated[
        str, typer.Argument(metavar="B", help="The same, for what is to follow.", autocompletion=complete_model)
    ],
    models: Models = MODELS,
    as_json: Json = False,
) -> None:
    """Compare two models, or two versions of one.

    Tells whether clients of A can call B, how B answers the golden cases of A, and what differs in signature, manifest,
    metrics, lineage, operators, size and speed. A revision is a version of the model, in git's history, or any commit.
    Exit code 0: B can take A's place unnoticed; 1: it is noticed; 2: they cannot be compared.

    \b
    examples:
      serin diff diabetes@1.0.0 diabetes
      serin diff diabetes@main diabetes --json
      serin diff diabetes ../candidates/diabetes
    """
    from cli.diff.diff import diff

    diff(a, b, models=models, as_json=as_json)


@app.command()
def bench(
    model: Model,
    models: Models = MODELS,
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
def doctor(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="Name of the model, or a folder.", autocompletion=complete_model),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every model of the models folder.")] = False,
    models: Models = MODELS,
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="NAME", help="Also whether it can go to this stage from here.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    as_json: Json = False,
) -> None:
    """Say what would keep a model from being deployed or from running, and how to mend it.

    Reads and verifies the model, runs the inference function with it, and looks at this machine; with --stage also at
    the AWS account. Each finding is an error (it will not deploy, or not run) or a warning (it will, and yet it bites)
    with what, why and the exact fix. What could not be checked is said, too. Without --stage, what this machine lacks
    for a deploy is a warning.

    Exits with 0 when there is no error, 1 when there is one (or with --strict a warning), 2 when it could not look: no
    such model or stage.

    \b
    examples:
      serin doctor diabetes
      serin doctor --all --stage prod
      serin doctor --all --strict --json
    """
    from cli.doctor.run import doctor

    doctor(model, every=every, models=models, stage=stage, strict=strict, as_json=as_json)


@app.command()
def optimize(
    model: Model,
    models: Models = MODELS,
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
    up to one digit. A classifier must then call at least 99 % of the rows alike. A number needs --target, and is off by
    at most a tenth of the standard deviation of the model's answers, or it needs --tolerance, as tensors do. Golden
    cases must hold. With --target the metric may fall by --max-metric-drop: accuracy, ROC AUC of two labels, R2 of a
    number.

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
