"""Access log lines."""

from __future__ import annotations

from local.launcher.gateway_traffic import access_line


def test_variables_are_replaced_and_unknown_ones_are_a_dash() -> None:
    template = '{"id":"$context.requestId","ip":"$context.identity.sourceIp","user":"$context.identity.user"}'
    values = {"requestId": "r1", "identity.sourceIp": "127.0.0.1"}
    assert access_line(template, values) == '{"id":"r1","ip":"127.0.0.1","user":"-"}'
