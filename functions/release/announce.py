"""What happens to a release, told to programs by EventBridge and to people by SNS."""

from __future__ import annotations

import json
from typing import Any, Final

from serin.release.items import to_json
from serin.release.record import Release

SOURCE: Final = "serin.release"
_TITLES: Final = {
    "started": "Release Started",
    "shifted": "Release Shifted",
    "held": "Release Held",
    "promoted": "Release Promoted",
    "rolled_back": "Release Rolled Back",
    "aborted": "Release Aborted",
    "superseded": "Release Superseded",
    "refused": "Release Refused",
    "interrupted": "Release Interrupted",
}


class Announcer:
    """``events`` and ``topics`` are boto3's clients for EventBridge and SNS."""

    def __init__(self, events: Any, topics: Any, topic: str) -> None:
        self._events = events
        self._topics = topics
        self._topic = topic

    def __call__(self, event: str, release: Release) -> None:
        """May be told twice, and is never lost: whoever listens looks at model, number and status."""
        detail = json.dumps(to_json(release))
        entry = {"Source": SOURCE, "DetailType": _TITLES[event], "Detail": detail}
        answer = self._events.put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise RuntimeError(f"EventBridge did not take the event {event}: {answer['Entries'][0]}")
        self._topics.publish(TopicArn=self._topic, Subject=_subject(event, release), Message=detail)


def _subject(event: str, release: Release) -> str:
    """At most 100 characters, as SNS demands."""
    return f"{release.model} {release.model_version}: release {release.number} {event.replace('_', ' ')}"[:100]
