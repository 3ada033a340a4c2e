from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import LocalError
from local.image_folder import DOCKERFILE, Stage, build_image, stages
from tests.small_models.multiply import write_multiply

SMALL = """\
# A comment.
ARG BASE_IMAGE=somewhere/python
FROM ${BASE_IMAGE} AS code
WORKDIR /task
COPY functions/entrypoint.sh /entrypoint.sh
# Another, between a step's lines.
RUN echo made > made.txt && \\
    python3 -c 'open("python.txt", "w").write("x")'

FROM code AS model
ARG MODEL
COPY models/${MODEL} /models/${MODEL}
RUN test -f "/models/${MODEL}/model.yaml" && echo ${MODEL} > /models/name

FROM ${BASE_IMAGE}
ENV FIRST=/var/task/models \\
    SECOND=2
WORKDIR /var/task
COPY --from=code /entrypoint.sh /entrypoint.sh
COPY --from=code /task ./
COPY --from=model /models models
USER 993
ENTRYPOINT ["/entrypoint.sh", "-S", "/var/task/start.py"]
CMD ["handler"]
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_multiply(tmp_path / "models")
    return tmp_path / "models"


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "Dockerfile"
    file.write_text(text)
    return file


def test_a_dockerfile_is_stages_of_instructions() -> None:
    code, model, last = stages(SMALL)
    assert code == Stage(
        "code",
        "${BASE_IMAGE}",
        (
            ("WORKDIR", "/task"),
            ("COPY", "functions/entrypoint.sh /entrypoint.sh"),
            ("RUN", """echo made > made.txt && python3 -c 'open("python.txt", "w").write("x")'"""),
        ),
    )
    assert (model.name, model.parent, last.name) == ("model", "code", "2")


def test_the_steps_are_followed_below_a_folder(tmp_path: Path, models: Path) -> None:
    image = build_image(models, "multiply", tmp_path / "image", written(tmp_path, SMALL))
    root = image.task.parents[1]
    assert image.environment == {"FIRST": f"{root}/var/task/models", "SECOND": "2"}
    assert (root / "entrypoint.sh").is_file()
    assert image.program == ("-S", f"{root}/var/task/start.py")
    files = {file.name for file in image.task.iterdir()}
    assert files == {"made.txt", "python.txt", "models"}
    assert (image.task / "models/multiply/model.onnx").is_file()
    assert (image.task / "models/name").read_text() == "multiply\n"


def test_a_step_that_fails_is_an_error(tmp_path: Path, models: Path) -> None:
    with pytest.raises(LocalError, match="RUN"):
        build_image(models, "multiply", tmp_path / "image", written(tmp_path, "FROM ${BASE_IMAGE}\nRUN false\n"))


def test_an_instruction_that_is_not_known_is_refused_rather_than_left_out(tmp_path: Path, models: Path) -> None:
    with pytest.raises(LocalError, match="VOLUME: this instruction is not known"):
        build_image(models, "multiply", tmp_path / "image", written(tmp_path, "FROM ${BASE_IMAGE}\nVOLUME /data\n"))


def test_the_functions_own_dockerfile_installs_in_stages_that_are_kept() -> None:
    assert [stage.name for stage in stages(DOCKERFILE.read_text()) if stage.installs] == ["packages", "signature"]
