from typing import Any

class _Registry:
    def contents(self, uri: str) -> dict[str, Any]: ...

REGISTRY: _Registry
