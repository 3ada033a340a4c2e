"""Which alias serves which model, as the models' stacks write it down: one parameter a model, below one path.

Parameters and not a setting of the function: its environment holds 4 KB, which is some thirty models.
"""

from __future__ import annotations

from typing import Any


def aliases_by_model(client: Any, path: str) -> dict[str, str]:
    """Alias ARN by model's name. ``client`` is boto3's for Systems Manager, ``path`` like ``/serin/dev/models``.

    Raises:
        botocore.exceptions.ClientError: the parameters may not be read.
        botocore.exceptions.BotoCoreError: Systems Manager cannot be reached.
    """
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=path)
    return {item["Name"].rsplit("/", 1)[1]: item["Value"] for page in pages for item in page["Parameters"]}
