"""QR codes as SVG, from reportlab's encoder: one path, no script, no style, nothing loaded."""

from __future__ import annotations

MARGIN = 4
"""Light modules around the code (ISO/IEC 18004 section 6.3.8)."""


def qr_code(text: str) -> str:
    """The code of a text, black on white whatever the colours of the page: scanners need the contrast."""
    # Here: it loads half a second's worth of graphics, for a page that a person sees once.
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # noqa: PLC0415

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    count = code.getModuleCount()
    dark = "".join(
        f"M{column + MARGIN} {row + MARGIN}h1v1h-1z"
        for row in range(count)
        for column in range(count)
        if code.isDark(row, column)
    )
    side = count + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side * 4}" height="{side * 4}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )
