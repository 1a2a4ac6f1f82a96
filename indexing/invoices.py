"""Invoices that are XML alone (XRechnung: UBL or CII, EN 16931) as a readable page. Runs in a throw-away process.

The page names what a clerk looks for; what counts is the XML, which stays as it came.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from indexing.readings import Said, shown
from indexing.text import decoded

_REMARK: Final = "Die Seiten zeigen die wichtigsten Angaben der Rechnung; es gilt die XML-Datei, das Original."
_UBL: Final = frozenset({"Invoice", "CreditNote"})
_CII: Final = "CrossIndustryInvoice"
_MOST_LINES: Final = 500
_DAY_DIGITS: Final = 8

_UBL_FACTS: Final = (
    ("Rechnungsnummer", "ID"),
    ("Rechnungsdatum", "IssueDate"),
    ("Fällig am", "DueDate"),
    ("Leitweg-ID", "BuyerReference"),
    ("Bestellnummer", "OrderReference/ID"),
    ("Verkäufer", "AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName"),
    ("Verkäufer, Name", "AccountingSupplierParty/Party/PartyName/Name"),
    ("Verkäufer, Ort", "AccountingSupplierParty/Party/PostalAddress/CityName"),
    ("Umsatzsteuer-ID", "AccountingSupplierParty/Party/PartyTaxScheme/CompanyID"),
    ("Käufer", "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName"),
    ("Käufer, Name", "AccountingCustomerParty/Party/PartyName/Name"),
    ("Käufer, Ort", "AccountingCustomerParty/Party/PostalAddress/CityName"),
    ("Währung", "DocumentCurrencyCode"),
    ("Netto", "LegalMonetaryTotal/TaxExclusiveAmount"),
    ("Umsatzsteuer", "TaxTotal/TaxAmount"),
    ("Brutto", "LegalMonetaryTotal/TaxInclusiveAmount"),
    ("Zu zahlen", "LegalMonetaryTotal/PayableAmount"),
    ("IBAN", "PaymentMeans/PayeeFinancialAccount/ID"),
    ("Verwendungszweck", "PaymentMeans/PaymentID"),
    ("Bemerkung", "Note"),
)
_AGREEMENT: Final = "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement"
_SETTLEMENT: Final = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement"
_TOTALS: Final = f"{_SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
_CII_FACTS: Final = (
    ("Rechnungsnummer", "ExchangedDocument/ID"),
    ("Rechnungsdatum", "ExchangedDocument/IssueDateTime/DateTimeString"),
    ("Fällig am", f"{_SETTLEMENT}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"),
    ("Leitweg-ID", f"{_AGREEMENT}/BuyerReference"),
    ("Bestellnummer", f"{_AGREEMENT}/BuyerOrderReferencedDocument/IssuerAssignedID"),
    ("Verkäufer", f"{_AGREEMENT}/SellerTradeParty/Name"),
    ("Verkäufer, Ort", f"{_AGREEMENT}/SellerTradeParty/PostalTradeAddress/CityName"),
    ("Umsatzsteuer-ID", f"{_AGREEMENT}/SellerTradeParty/SpecifiedTaxRegistration/ID"),
    ("Käufer", f"{_AGREEMENT}/BuyerTradeParty/Name"),
    ("Käufer, Ort", f"{_AGREEMENT}/BuyerTradeParty/PostalTradeAddress/CityName"),
    ("Währung", f"{_SETTLEMENT}/InvoiceCurrencyCode"),
    ("Netto", f"{_TOTALS}/TaxBasisTotalAmount"),
    ("Umsatzsteuer", f"{_TOTALS}/TaxTotalAmount"),
    ("Brutto", f"{_TOTALS}/GrandTotalAmount"),
    ("Zu zahlen", f"{_TOTALS}/DuePayableAmount"),
    ("IBAN", f"{_SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID"),
    ("Verwendungszweck", f"{_SETTLEMENT}/PaymentReference"),
    ("Bemerkung", "ExchangedDocument/IncludedNote/Content"),
)
_ITEMS: Final = {
    "InvoiceLine": ("Item/Name", "InvoicedQuantity", "LineExtensionAmount"),
    "CreditNoteLine": ("Item/Name", "CreditedQuantity", "LineExtensionAmount"),
    "SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem": (
        "SpecifiedTradeProduct/Name",
        "SpecifiedLineTradeDelivery/BilledQuantity",
        "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
    ),
}


def read(source: str, folder: str) -> Iterator[dict[str, Any]]:
    """Read an XML file: an invoice as its facts, any other as the text that it is."""
    content = Path(source).read_bytes()
    said = Said(Path(folder))
    root = _root(content)
    name = "" if root is None else _local(root)
    if root is not None and name in _UBL:
        said.remark = _REMARK
        said.text(
            [
                f"Elektronische Rechnung ({'UBL' if name == 'Invoice' else 'UBL, Gutschrift'})",
                "",
                *_facts(root, _UBL_FACTS),
            ]
        )
    elif root is not None and name == _CII:
        said.remark = _REMARK
        said.text(["Elektronische Rechnung (CII)", "", *_facts(root, _CII_FACTS)])
    else:
        said.text(decoded(content).replace("\f", "\n").splitlines())
    yield said.value()


def _root(content: bytes) -> ET.Element | None:
    try:
        return ET.fromstring(content)  # noqa: S314 - entities cost this process its limits and nothing else
    except (ET.ParseError, ValueError, LookupError):
        return None


def _facts(root: ET.Element, facts: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for label, path in facts:
        values = dict.fromkeys(value for element in _find(root, path.split("/")) if (value := _value(element)))
        if values:
            yield f"{label}: {', '.join(values)}"
    number = 0
    for path, (item, quantity, amount) in _ITEMS.items():
        for number, line in enumerate(_find(root, path.split("/"))[:_MOST_LINES], 1):
            if number == 1:
                yield from ("", "Positionen:")
            parts = [_first(line, each) for each in (item, quantity, amount)]
            yield f"{number}. {parts[0]}, Menge {parts[1]}, netto {parts[2]}"


def _first(element: ET.Element, path: str) -> str:
    found = _find(element, path.split("/"))
    return _value(found[0]) if found else "–"


def _find(element: ET.Element, path: list[str]) -> list[ET.Element]:
    """By local names: the namespaces of the two syntaxes have changed with every version."""
    here = [element]
    for name in path:
        here = [child for each in here for child in each if _local(child) == name]
    return here


def _value(element: ET.Element) -> str:
    text = shown(element.text or "")
    if _local(element) == "DateTimeString" and len(text) == _DAY_DIGITS and text.isdecimal():
        return f"{text[6:]}.{text[4:6]}.{text[:4]}"
    if _local(element).endswith("Date") and text[4:5] == "-":
        return ".".join(reversed(text[:10].split("-")))
    unit = element.get("currencyID") or ""
    return f"{text.replace('.', ',')} {unit}".strip() if _local(element).endswith(("Amount", "Quantity")) else text


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
