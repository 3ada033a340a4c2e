"""What a manifest's settings mean on Lambda, read without opening the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cli.doctor.finding import Check, Examiner, Problem, Severity
from infra.catalog import warm_canary
from serin.model_folder import GOLDEN_FILE, ModelFolder

NEW_ACCOUNT_MEMORY_MB: Final = 3008
"""What new accounts get at most until AWS raises it. Source: AWS Lambda developer guide, "Lambda quotas"."""


def _arm64(folder: ModelFolder) -> Iterator[Problem]:
    if folder.manifest.serving.architecture == "arm64":
        yield Problem(
            "serving.architecture is arm64",
            "set `serving.architecture: x86_64`, or deploy to a stage of your own first and ask it for a golden case",
        )


def _other_processor(folder: ModelFolder) -> Iterator[Problem]:
    if folder.manifest.serving.optimization == "full":
        yield Problem("serving.optimization is full", "set `serving.optimization: portable`")


def _weighted(folder: ModelFolder) -> Iterator[Problem]:
    if warm_canary(folder.manifest):
        steps = ", ".join(map(str, folder.manifest.release.steps))
        yield Problem(
            f"serving.provisioned_concurrency stands beside release.steps [{steps}]",
            "set `release.steps: [100]`, or remove serving.provisioned_concurrency",
        )


def _provisioned(folder: ModelFolder) -> Iterator[Problem]:
    warm, reserved = folder.manifest.serving.provisioned_concurrency, folder.manifest.serving.reserved_concurrency
    if warm is not None and reserved is not None and warm.max > reserved:
        yield Problem(
            f"serving.provisioned_concurrency.max is {warm.max}, serving.reserved_concurrency {reserved}",
            f"set `serving.reserved_concurrency: {warm.max}` or more",
        )


def _memory_quota(folder: ModelFolder) -> Iterator[Problem]:
    memory = folder.manifest.serving.memory_mb
    if memory > NEW_ACCOUNT_MEMORY_MB:
        yield Problem(
            f"serving.memory_mb is {memory}",
            f"set `serving.memory_mb: {NEW_ACCOUNT_MEMORY_MB}`, or have AWS Support raise the quota; an account with "
            "a larger function is past it",
        )


def _latency_target(folder: ModelFolder) -> Iterator[Problem]:
    serving = folder.manifest.serving
    if serving.latency_target_ms >= serving.timeout_seconds * 1000:
        yield Problem(
            f"serving.latency_target_ms is {serving.latency_target_ms:g}, and requests end after "
            f"{serving.timeout_seconds} s",
            f"set `serving.latency_target_ms` below {serving.timeout_seconds * 1000}",
        )


def _golden(folder: ModelFolder) -> Iterator[Problem]:
    if folder.lock.golden is None or folder.lock.golden.cases == 0:
        yield Problem(
            f"there is no {GOLDEN_FILE}",
            f"write {GOLDEN_FILE}, one known row and its answer a line, then run `serin lock {folder.manifest.name}`",
        )


def _baseline(folder: ModelFolder) -> Iterator[Problem]:
    if folder.manifest.monitoring.drift and folder.baseline is None:
        yield Problem(
            "monitoring.drift is on and there is no baseline.json",
            f"write baseline.json, then run `serin lock {folder.manifest.name}`; or set `monitoring.drift: false`",
        )


MODEL_CHECKS: Final[Sequence[Examiner[ModelFolder]]] = (
    Examiner(
        Check(
            "arm64",
            Severity.WARNING,
            "`serving.architecture: arm64`",
            "ONNX Runtime has ended at its start on arm64 Lambda, which lacks /sys/devices/system/cpu/possible and "
            "/present (github.com/microsoft/onnxruntime/issues/10038)",
            "`serving.architecture: x86_64`, or try it on a stage first",
        ),
        _arm64,
    ),
    Examiner(
        Check(
            "processor",
            Severity.WARNING,
            "`serving.optimization: full`",
            "the graph is laid out for the processor that builds the image; on Lambda's it may be slower, or not open",
            "`serving.optimization: portable`",
        ),
        _other_processor,
    ),
    Examiner(
        Check(
            "weighted-alias",
            Severity.ERROR,
            "provisioned concurrency together with a release in steps",
            "Lambda has no weighted alias beside provisioned concurrency, so the stack is not even synthesised",
            "`release.steps: [100]`, or no provisioned concurrency",
        ),
        _weighted,
    ),
    Examiner(
        Check(
            "provisioned",
            Severity.ERROR,
            "more provisioned than reserved concurrency",
            "Lambda does not keep more instances ready than the function may have",
            "raise `serving.reserved_concurrency`",
        ),
        _provisioned,
    ),
    Examiner(
        Check(
            "memory-quota",
            Severity.WARNING,
            f"more memory than {NEW_ACCOUNT_MEMORY_MB} MB",
            "new accounts are held to that, which no API tells, and the deploy ends with an error on MemorySize",
            "less memory, or a higher quota by AWS Support",
        ),
        _memory_quota,
    ),
    Examiner(
        Check(
            "latency-target",
            Severity.WARNING,
            "a latency target at or above the time-out",
            "no request can be slower than its time-out, so the latency alarm is never raised",
            "a `serving.latency_target_ms` below `serving.timeout_seconds`",
        ),
        _latency_target,
    ),
    Examiner(
        Check(
            "golden-cases",
            Severity.WARNING,
            "no golden cases",
            "nothing proves that the deployed model answers as the trained one, and only a made-up row is measured",
            "write golden.jsonl and lock",
        ),
        _golden,
    ),
    Examiner(
        Check(
            "baseline",
            Severity.WARNING,
            "drift monitoring without a baseline",
            "no bins are logged, so drift is never seen",
            "write baseline.json and lock, or `monitoring.drift: false`",
        ),
        _baseline,
    ),
)
