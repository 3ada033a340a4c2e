"""What the command line looks for in the outputs is there, under the names that it knows."""

from __future__ import annotations

from cli.stage import API_KEY_ID, API_URL, stack_name
from tests.infra.synthesis import Synthesis


def test_a_stage_with_keys_announces_its_address_and_its_first_key(dev: Synthesis, prod: Synthesis) -> None:
    for name, stacks in {"dev": dev, "prod": prod}.items():
        assert stacks["Api"].name == stack_name(name)
        assert {API_URL, API_KEY_ID} <= stacks["Api"].body["Outputs"].keys()


def test_a_stage_without_keys_announces_its_address_only(tokens: Synthesis, signed: Synthesis) -> None:
    for stacks in (tokens, signed):
        assert API_URL in stacks["Api"].body["Outputs"]
        assert API_KEY_ID not in stacks["Api"].body["Outputs"]
