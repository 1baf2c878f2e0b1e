"""The Content-Security-Policy of our pages: everything from this server, scripts only as they were sent."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

INLINE = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL | re.IGNORECASE)


def policy(scripts: Iterable[str] = (), evaluates: bool = False) -> str:
    """Return the header's value.

    Styles may be inline: figures and Gradio set them on elements. Scripts may not, except those given.

    Args:
        scripts: the inline scripts of the page, allowed by their hash.
        evaluates: whether scripts make functions from text, as those of Gradio's HTML component do.
    """
    hashes = " ".join(sorted({f"'sha256-{_digest(code)}'" for code in scripts}))
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(filter(None, ["'self'", hashes, "'unsafe-eval'" if evaluates else ""])),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "frame-ancestors": "'self'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def inline_scripts(page: str) -> list[str]:
    """Return the code of a page's inline scripts."""
    return [m["code"] for m in INLINE.finditer(page) if "src=" not in m["attributes"]]


def _digest(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
