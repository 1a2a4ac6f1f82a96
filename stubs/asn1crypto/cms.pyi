from typing import Any

class ContentInfo:
    @classmethod
    def load(cls, encoded_data: bytes) -> Any: ...
