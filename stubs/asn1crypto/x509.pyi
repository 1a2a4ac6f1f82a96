from typing import Any

class Certificate:
    sha256: bytes
    issuer: Any
    serial_number: int
    @classmethod
    def load(cls, encoded_data: bytes) -> Certificate: ...
