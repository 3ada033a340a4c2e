"""Container images: what the registry says of a missing one, and which containers two versions may share."""

from __future__ import annotations

from typing import Any

from local.launcher.patching import existing, service, wrap


def teach() -> None:
    """Refuse missing images, as the publishing step of a deploy expects, and give each version its own containers."""
    registry = service("ecr")
    existing(registry, "_find_image")
    existing(registry, "_repositories")
    wrap(registry, "_describe_images", lambda original: _describe(registry, original))
    wrap(service("lambda_svc"), "_warm_pool_key", _pool_key)


def _describe(registry: Any, original: Any) -> Any:
    """Without this a deploy believes every image is published already, and pushes none."""

    def describe(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        wanted = data.get("imageIds") or []
        if name in registry._repositories and not all(registry._find_image(name, each) for each in wanted):
            text = f"The image requested does not exist within the repository with name '{name}'"
            return registry.error_response_json("ImageNotFoundException", text, 400)
        return original(data)

    return describe


def _pool_key(original: Any) -> Any:
    """Versions of one image differ in their environment: a shared container would answer as the wrong version."""

    def key(name: str, config: dict[str, Any]) -> str:
        return f"{original(name, config)}:{config.get('Version', '$LATEST')}"

    return key
