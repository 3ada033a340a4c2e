"""Both shells through the client that was generated from the protocol's own description.

The client's types are pydantic models without room for anything that the protocol does not name as required.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from open_inference.openapi.client import OpenInferenceClient
from open_inference.openapi.core.api_error import ApiError
from open_inference.openapi.errors import BadRequestError, NotFoundError
from open_inference.openapi.types import InferenceRequest, InferenceResponse, MetadataTensor

from serin.protocol import SERVER, Datatype, TensorMetadata
from serin.service import PLATFORM
from serin.tensor import Tensor, pack
from tests.integration.shells import Shell, rows
from tests.protocol_messages import json_request
from tests.sample_models import NAMES, Sample


@pytest.fixture(params=["uvicorn", "lambda"])
def client(request: pytest.FixtureRequest, shells: Mapping[str, Shell]) -> Iterator[OpenInferenceClient]:
    with httpx.Client(timeout=30) as connection:
        yield OpenInferenceClient(base_url=shells[request.param].url, httpx_client=connection)


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest, samples: Mapping[str, Sample]) -> Sample:
    return samples[request.param]


def tensors_of(sample: Sample) -> dict[str, Tensor]:
    return sample.model.rows.decode(rows(*(case.instance for case in sample.complete())))


def inference_request(sample: Sample, **fields: Any) -> InferenceRequest:
    return InferenceRequest.parse_obj(json.loads(json_request(tensors_of(sample), **fields)))


def outputs(response: InferenceResponse) -> dict[str, Tensor]:
    found = {}
    for output in response.outputs:
        datatype = Datatype(output.datatype)
        found[output.name] = Tensor(datatype, tuple(output.shape), pack(datatype, output.data.__root__))
    return found


def check_golden(sample: Sample, response: InferenceResponse) -> None:
    assert sample.differences(sample.predictions(outputs(response)), sample.complete()) == []


def described(tensors: list[MetadataTensor] | None) -> tuple[TensorMetadata, ...]:
    return tuple(
        TensorMetadata(name=t.name, datatype=Datatype(t.datatype), shape=tuple(t.shape)) for t in tensors or ()
    )


def test_the_server_lives(client: OpenInferenceClient) -> None:
    client.check_server_liveness()


def test_the_server_is_ready(client: OpenInferenceClient) -> None:
    client.check_server_readiness()


def test_the_server_tells_its_name_version_and_extensions(client: OpenInferenceClient) -> None:
    answer = client.read_server_metadata()
    assert (answer.name, answer.version, tuple(answer.extensions)) == (SERVER.name, SERVER.version, SERVER.extensions)


def test_a_model_is_ready_with_its_version_and_without(client: OpenInferenceClient, sample: Sample) -> None:
    client.check_model_readiness(sample.name)
    client.check_model_version_readiness(sample.name, sample.model.version)


def test_a_model_describes_itself_with_its_version_and_without(client: OpenInferenceClient, sample: Sample) -> None:
    answer = client.read_model_metadata(sample.name)
    assert answer == client.read_model_version_metadata(sample.name, sample.model.version)
    assert (answer.name, answer.versions, answer.platform) == (sample.name, [sample.model.version], PLATFORM)
    assert described(answer.inputs) == sample.model.inputs
    assert described(answer.outputs) == sample.model.outputs


def test_a_model_infers(client: OpenInferenceClient, sample: Sample) -> None:
    answer = client.model_infer(sample.name, request=inference_request(sample))
    assert (answer.model_name, answer.model_version, answer.id) == (sample.name, sample.model.version, None)
    check_golden(sample, answer)


def test_a_model_infers_in_its_version(client: OpenInferenceClient, sample: Sample) -> None:
    request = inference_request(sample)
    answer = client.model_version_infer(sample.name, sample.model.version, request=request)
    check_golden(sample, answer)


def test_requested_outputs_id_and_parameters_are_taken(client: OpenInferenceClient, sample: Sample) -> None:
    (wanted,) = sample.model.predictor.outputs
    request = inference_request(
        sample,
        id="9f1c",
        parameters={"tenant": "a", "priority": 1, "traced": True, "weight": 0.5},
        outputs=[{"name": wanted, "parameters": {"binary_data": False}}],
    )
    answer = client.model_infer(sample.name, request=request)
    assert answer.id == "9f1c"
    assert [output.name for output in answer.outputs] == [wanted]
    check_golden(sample, answer)


def test_readiness_of_an_unknown_model_or_version_is_the_clients_not_found(client: OpenInferenceClient) -> None:
    with pytest.raises(NotFoundError) as unknown:
        client.check_model_readiness("nobody")
    assert unknown.value.body["code"] == "model_not_found"
    with pytest.raises(NotFoundError):
        client.check_model_version_readiness("digits", "9.9.9")


def test_a_request_that_breaks_the_models_contract_is_refused_with_a_reason(
    client: OpenInferenceClient, samples: Mapping[str, Sample]
) -> None:
    request = inference_request(samples["digits"])
    with pytest.raises(ApiError) as refused:
        client.model_infer("diabetes", request=request)
    assert not isinstance(refused.value, BadRequestError)
    assert refused.value.status_code == 422
    assert refused.value.body["error"] == "inputs[0].name: no such input; there are: features"
