"""Release records read from their DynamoDB table: by the function that writes them, and by whoever shows them.

Every read is consistent.
"""

from __future__ import annotations

from typing import Any

from serin.release.items import from_item
from serin.release.record import Release


class ReleaseTable:
    """``client`` is boto3's for DynamoDB. Its errors are raised as they are.

    A record that this code cannot read raises KeyError, TypeError or ValueError.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, model: str, number: int) -> Release | None:
        """The release of this number."""
        key = {"model": {"S": model}, "number": {"N": str(number)}}
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return from_item(found["Item"]) if "Item" in found else None

    def newest(self, model: str, count: int, *, up_to: int | None = None) -> list[Release]:
        """The last ``count`` releases, newest first; with ``up_to``, those of this number and below."""
        wanted: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#model = :model",
            "ExpressionAttributeNames": {"#model": "model"},
            "ExpressionAttributeValues": {":model": {"S": model}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": count,
        }
        if up_to is not None:
            wanted["KeyConditionExpression"] += " AND #number <= :number"
            wanted["ExpressionAttributeNames"]["#number"] = "number"
            wanted["ExpressionAttributeValues"][":number"] = {"N": str(up_to)}
        releases: list[Release] = []
        while True:  # a page ends at 1 MB, if not at the limit
            found = self._client.query(**wanted)
            releases += [from_item(item) for item in found["Items"]]
            if len(releases) >= count or "LastEvaluatedKey" not in found:
                return releases[:count]
            wanted["ExclusiveStartKey"] = found["LastEvaluatedKey"]
