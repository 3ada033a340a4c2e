"""A card in words: sections of names with values, tables and pictures. Terminal and page show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from cli.card.facts import Card, CardInput, Golden
from cli.card.sections import Drawing, Pair, Row, Section, Table, printable
from serin.baseline import Bins, NumericBins
from serin.lock import Parity, Provenance
from serin.manifest import Classification, Lineage, MissingFill, Regression
from serin.openapi.examples import Bounds
from serin.openapi.text import range_text, shape_text


def outline(card: Card) -> list[Section]:
    """The sections of a card, in order. No text in it breaks a line or steers a terminal."""
    return list(map(printable, _sections(card)))


def _sections(card: Card) -> Iterator[Section]:
    yield _inputs(card.inputs)
    yield _answer(card)
    if card.metrics:
        rows = tuple(Row(cells=(name, f"{value:.6g}")) for name, value in card.metrics.items())
        note = "On data held out from training, as model.yaml states them."
        yield Section(title="Metrics", note=note, tables=(Table(head=("Metric", "Value"), rows=rows),))
    yield _golden(card.golden)
    yield _parity(card.parity)
    yield _serving(card)
    yield Section(title="Lineage", pairs=(*_trained(card.lineage), *_made(card.provenance), *_tools(card.tools)))
    yield _files(card)
    yield Section(title="Example request", note="To the model as `serin serve` serves it.", code=card.request)


def _inputs(inputs: Sequence[CardInput]) -> Section:
    features = inputs[0].shape is None
    head = ("Feature", "Type", "Unit", "Allowed", "When missing") if features else ("Input", *_TENSOR)
    rows = [
        Row(
            cells=(one.name, one.type, one.unit or "", _allowed(one), _last(one)),
            note=one.description,
            drawing=_drawing(one.name, one.bins, one.range),
        )
        for one in inputs
    ]
    kind = "feature" if features else "input tensor"
    title = f"{len(inputs)} {kind}{'' if len(inputs) == 1 else 's'}"
    table = _filled(head, rows)
    return Section(title=title, note=_OF_BINS if table.drawn else "", tables=(table,))


_TENSOR = ("Type", "Unit", "Allowed", "Shape")
_OF_BINS = (
    "Distributions are those of the training data. Areas are shares of the rows; the outermost bars are open, and "
    "drawn no wider than their neighbours; a bar too tall for the rest is cut and bears its share."
)


def _drawing(name: str, bins: Bins | None, bounds: Bounds = None) -> Drawing | None:
    """A drawing of ``bins``; None where there is nothing in them, or they are no bins."""
    if bins is None or min(*bins.counts, bins.missing, 0) < 0 or not sum(bins.counts) + bins.missing:
        return None
    if isinstance(bins, NumericBins):
        rising = all(low < high for low, high in pairwise(bins.edges))
        in_order = rising and len(bins.counts) == len(bins.edges) + 1 and max(map(abs, bins.edges)) < _HUGE
    else:
        in_order = len(bins.counts) == len(bins.categories)
    return Drawing(name=name, bins=bins, bounds=bounds or (None, None)) if in_order else None


_HUGE = 1e300
"""Numbers whose differences are numbers, too."""


def _filled(head: Sequence[str], rows: Sequence[Row]) -> Table:
    """A table without the columns in which no row says anything."""
    kept = [i for i in range(len(head)) if i == 0 or any(row.cells[i] for row in rows)]
    return Table(
        head=tuple(head[i] for i in kept),
        rows=tuple(replace(row, cells=tuple(row.cells[i] for i in kept)) for row in rows),
    )


def _allowed(one: CardInput) -> str:
    return ", ".join(one.categories) if one.categories is not None else range_text(one.range)


def _last(one: CardInput) -> str:
    if one.shape is not None:
        return shape_text(one.shape)
    if isinstance(one.missing, MissingFill):
        fill = one.missing.fill
        return f"filled with {str(fill).lower() if isinstance(fill, bool) else fill}"
    return "passed on as missing" if one.missing == "allow" else "refused"


# --- What comes out -------------------------------------------------------------------------------------------


def _answer(card: Card) -> Section:
    rows = [
        Row(
            cells=(
                output.name,
                output.datatype.value,
                shape_text(output.shape),
                f"{output.tolerance.absolute:g} + {output.tolerance.relative:g} × value",
            ),
            note=output.description,
        )
        for output in card.outputs
    ]
    drawing = _drawing(_watched(card), card.prediction_bins)
    table = Table(head=("Output", "Type", "Shape", "Tolerance"), rows=tuple(rows))
    return Section(title="Prediction", pairs=tuple(_meaning(card)), tables=(table,), drawing=drawing)


def _meaning(card: Card) -> Iterator[Pair]:
    prediction = card.prediction
    if isinstance(prediction, Classification):
        yield "Answers", f"one of {len(prediction.labels)} labels: {', '.join(prediction.labels)}"
        yield "Read from", f"{prediction.scores}{_activated(prediction.activation)}"
        if prediction.positive is not None:
            threshold = 0.5 if prediction.threshold is None else prediction.threshold
            yield "Threshold", f"{prediction.positive} from a probability of {threshold:g}"
    elif isinstance(prediction, Regression):
        yield "Answers", f"a number in {prediction.unit}" if prediction.unit else "a number"
        yield "Read from", prediction.value
        if prediction.description:
            yield "Meaning", prediction.description
        if prediction.clip is not None:
            yield "Held within", range_text(prediction.clip)
    else:
        yield "Answers", "the outputs as they are"


def _activated(activation: str) -> str:
    return "" if activation == "none" else f", through a {activation}"


def _watched(card: Card) -> str:
    """What the baseline's bins of the prediction count."""
    prediction = card.prediction
    if isinstance(prediction, Classification):
        return "label" if prediction.positive is None else f"probability of {prediction.positive}"
    unit = prediction.unit if isinstance(prediction, Regression) else None
    return f"prediction, {unit}" if unit else "prediction"


# --- Evidence -------------------------------------------------------------------------------------------------


def _parity(parity: Parity | None) -> Section:
    if parity is None:
        return Section(title="Parity", note="Not measured: the lock holds no comparison with a source model.")
    head = ("Output", "Largest difference", "Mean difference", "Largest relative", "Mean relative")
    rows = tuple(
        Row(
            cells=(
                name,
                *(
                    f"{figure:.2g}"
                    for figure in (one.absolute_max, one.absolute_mean, one.relative_max, one.relative_mean)
                ),
            )
        )
        for name, one in parity.outputs.items()
    )
    pairs = [("Rows compared", f"{parity.rows:,}, {parity.edge_rows:,} of them edge rows")]
    if parity.label_agreement is not None:
        pairs.append(("Same label", f"in {100 * parity.label_agreement:.6g} % of the rows"))
    if parity.rank_agreement is not None:
        pairs.append(("Same order", f"Spearman's rho {parity.rank_agreement:.6g}"))
    note = "Answers of the model beside those of the source model that it was made from; upper bounds."
    return Section(title="Parity", note=note, pairs=tuple(pairs), tables=(Table(head=head, rows=rows),))


def _golden(golden: Golden | None) -> Section:
    if golden is None:
        return Section(title="Golden cases", note="None: nothing is known of what the model should answer.")
    pairs = [
        ("Cases", f"{golden.cases:,}"),
        ("Largest difference", f"at most {golden.max_absolute_difference:g}"),
    ]
    if golden.labels is not None:
        covered = sum(count > 0 for count in golden.labels.values())
        counts = ", ".join(f"{label}: {count}" for label, count in golden.labels.items())
        pairs.append(("Labels covered", f"{covered} of {len(golden.labels)} ({counts})"))
    if golden.bins_covered is not None and golden.bins is not None:
        pairs.append(("Bins of the prediction covered", f"{golden.bins_covered} of {golden.bins}"))
    return Section(
        title="Golden cases", note="Rows with known answers, which every build must give.", pairs=tuple(pairs)
    )


# --- Where it comes from, and how it runs ---------------------------------------------------------------------


def _trained(lineage: Lineage | None) -> Iterator[Pair]:
    if lineage is None:
        return
    yield "Trained with", lineage.framework
    yield "Trained on", f"{lineage.data.rows:,} rows of {lineage.data.source}"
    yield "Data digest", lineage.data.sha256
    yield "Code", lineage.code.path
    if lineage.code.sha256 is not None:
        yield "Code digest", lineage.code.sha256
    if lineage.code.commit is not None:
        yield "Code commit", lineage.code.commit
    if lineage.licence is not None:
        yield "Licence", lineage.licence


def _made(made: Provenance | None) -> Iterator[Pair]:
    if made is None:
        return
    yield "Packaged from", f"{made.source.file}, {made.source.bytes:,} bytes, {made.framework}"
    yield "Source digest", made.source.sha256
    yield "Packaged with", f"{made.data.rows:,} rows of {made.data.file}"
    yield "Packaging data digest", made.data.sha256
    if made.holdout is not None:
        yield "Compared on", f"{made.holdout.rows:,} rows of {made.holdout.file}"
        yield "Comparison data digest", made.holdout.sha256
    if made.commit is not None:
        yield "Source commit", made.commit


def _tools(tools: Mapping[str, str]) -> Iterator[Pair]:
    if tools:
        yield "Made with", ", ".join(f"{tool} {version}" for tool, version in tools.items())


def _serving(card: Card) -> Section:
    serving = card.serving
    pairs = [
        ("Memory", f"{serving.memory_mb:,} MB, {serving.architecture}"),
        ("Time-out", f"{serving.timeout_seconds} s"),
        ("Rows in a request", f"at most {serving.max_batch_rows:,}"),
        ("Latency target", f"p99 within {serving.latency_target_ms:g} ms"),
        ("Optimisation", serving.optimization),
    ]
    if serving.reserved_concurrency is not None:
        pairs.append(("Instances", f"at most {serving.reserved_concurrency}"))
    if serving.snap_start:
        pairs.append(("SnapStart", "on"))
    if serving.provisioned_concurrency is not None:
        warm = serving.provisioned_concurrency
        pairs.append(("Kept warm", f"{warm.min} to {warm.max} instances"))
    if serving.answer_cache is not None:
        cache = serving.answer_cache
        pairs.append(("Answers kept", f"{cache.size:,} for {cache.seconds:g} s"))
    return Section(title="Serving", pairs=tuple(pairs))


def _files(card: Card) -> Section:
    rows = tuple(Row(cells=(file.file, f"{file.bytes:,}", file.sha256)) for file in card.files)
    return Section(title="Files", tables=(Table(head=("File", "Bytes", "SHA-256"), rows=rows),))
