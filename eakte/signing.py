"""Signatures under versions of documents: what a provider does, the local one, and the check that needs neither.

A signature is detached CMS (RFC 5652) with the signer's certificate in it and the attributes of CAdES baseline B
(ETSI EN 319 122-1: content type, digest, time, signing certificate). It stands beside the bytes as received and
changes nothing in them; `openssl cms -verify` checks it without eakte.

What the local provider's proves: that this installation had these bytes under this document at the time that its clock
said, and that nobody changed them since. It is the seal of a machine with a certificate that it made itself, not a
qualified signature or seal of a person or authority (Regulation (EU) 910/2014, articles 25 and 35).
"""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as der
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eakte.errors import SigningUnavailable
from eakte.language import _
from eakte.terms import now

VALID_FOR = timedelta(days=10 * 365)
"""Of the self-made certificate. What was signed before its end stays provable: the log says when that was."""

_LONGEST_NAME = 64
"""Characters of a name in a certificate (X.520, ub-common-name)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature (CMS, DER) and whose it is."""

    content: bytes
    signer: str
    certificate_sha256: bytes
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `reason` says in German why it does not hold."""

    valid: bool
    reason: str | None
    signer: str | None
    certificate: bytes | None
    """DER."""


class SignatureProvider(Protocol):
    """Who signs: the local key, or a service of the municipality that signs digests."""

    name: str
    """Stands beside each of its signatures."""

    def sign(self, digest: bytes) -> Signature:
        """A detached signature over bytes of which this is the SHA-256. To be called outside any transaction.

        Raises SigningUnavailable.
        """


class LocalProvider:
    """A key of this installation (ECDSA P-256) in a file of mode 0600 that is made when it is first needed."""

    name = "local"

    def __init__(self, path: Path, *, holder: str) -> None:
        self._path = path
        self._holder = holder

    def sign(self, digest: bytes) -> Signature:
        """As the protocol says; raises SigningUnavailable when the key's file cannot be read or written."""
        key, certificate = self._open()
        at = now().replace(microsecond=0)
        content = detached(key, certificate, digest, at)
        fingerprint = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
        return Signature(content, certificate.subject.rfc4514_string(), fingerprint, at)

    def _open(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        try:
            if not self._path.exists():
                self._make()
            pem = self._path.read_bytes()
            key = serialization.load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (OSError, ValueError) as error:
            raise SigningUnavailable(
                _("Der Schlüssel für Signaturen ist nicht lesbar: %(path)s", path=self._path)
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise SigningUnavailable(_("Schlüssel und Zertifikat gehören nicht zusammen: %(path)s", path=self._path))
        if certificate.not_valid_after_utc < now():
            raise SigningUnavailable(_("Das Zertifikat für Signaturen ist abgelaufen: %(path)s", path=self._path))
        return key, certificate

    def _make(self) -> None:
        """Whole or not at all; when another process was first, its key stays."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{uuid.uuid4().hex}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem + _certificate(key, self._holder).public_bytes(serialization.Encoding.PEM))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(temporary, self._path)
        finally:
            temporary.unlink()


def detached(
    key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, digest: bytes, signed_at: datetime
) -> bytes:
    """CMS SignedData without the content, over bytes with this SHA-256 (RFC 5652 section 5)."""
    issued = der.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "signing_time", "values": [cms.Time({"utc_time": signed_at})]},
            {"type": "message_digest", "values": [digest]},
            {
                "type": "signing_certificate_v2",
                "values": [tsp.SigningCertificateV2({"certs": [{"cert_hash": issued.sha256}]})],
            },
        ]
    )
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                    {"issuer": issued.issuer, "serial_number": issued.serial_number}
                )
            }
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "signed_attrs": attributes,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    data = {
        "version": "v1",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
        "encap_content_info": {"content_type": "data"},
        "certificates": [issued],
        "signer_infos": [signer],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)}).dump())


def verify(content: bytes, digest: bytes) -> Verdict:
    """Whether a detached signature holds for bytes with this SHA-256, by what stands in it.

    Whether its certificate is one to be trusted is another question: the log names the certificate of each signature.
    """
    try:
        data = cms.ContentInfo.load(content, strict=True)["content"]
        (signer,) = data["signer_infos"]
        (issued,) = (each.chosen for each in data["certificates"])
        said: dict[str, Any] = {each["type"].native: each["values"][0] for each in signer["signed_attrs"]}
        signed = signer["signed_attrs"].untag().dump(force=True)
        certificate = x509.load_der_x509_certificate(issued.dump())
        same_bytes = said["content_type"].native == "data" and said["message_digest"].native == digest
        same_certificate = said["signing_certificate_v2"]["certs"][0]["cert_hash"].native == issued.sha256
        as_made = same_certificate and _form(data, signer) == _FORM and _names(signer["sid"].chosen, issued)
        key, signature = certificate.public_key(), signer["signature"].native
        name, raw = certificate.subject.rfc4514_string(), issued.dump()
    except (ValueError, TypeError, KeyError, IndexError, x509.InvalidVersion, UnsupportedAlgorithm):
        return Verdict(valid=False, reason=_("Die Signatur ist nicht lesbar."), signer=None, certificate=None)
    if not same_bytes:
        return Verdict(valid=False, reason=_("Die Signatur gehört zu anderen Bytes."), signer=name, certificate=raw)
    if not as_made or not _holds(key, signature, signed):
        return Verdict(valid=False, reason=_("Die Signatur wurde verändert."), signer=name, certificate=raw)
    return Verdict(valid=True, reason=None, signer=name, certificate=raw)


_SHA256 = {"algorithm": "sha256", "parameters": None}
_FORM = ("v1", [_SHA256], "data", None, "v1", _SHA256, {"algorithm": "sha256_ecdsa", "parameters": None})


def _form(data: Any, signer: Any) -> tuple[object, ...]:
    """What a signature does not cover and other tools go by; here it is always the same."""
    inside = data["encap_content_info"]
    return (
        data["version"].native,
        data["digest_algorithms"].native,
        inside["content_type"].native,
        inside["content"].native,
        signer["version"].native,
        signer["digest_algorithm"].native,
        signer["signature_algorithm"].native,
    )


def _names(named: Any, issued: Any) -> bool:
    """Whether the signer named is the holder of the certificate."""
    return bool(named["issuer"] == issued.issuer and named["serial_number"].native == issued.serial_number)


def _holds(key: object, signature: bytes, signed: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _certificate(key: ec.EllipticCurvePrivateKey, holder: str) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"eakte {holder}"[:_LONGEST_NAME]),
        ]
    )
    begins = now().replace(microsecond=0)
    use = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(use, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
