"""What a mail server's refusal means (codes: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1)."""

from __future__ import annotations

import ssl

from opsbot.errors import DeliveryError
from opsbot.notifiers._unreached import unreached
from opsbot.text import one_line

TOO_LARGE = 552
"""Of MAIL FROM it refuses the mail that follows and no other (RFC 1870, section 6)."""


CLOSING = 421
"""The server hangs up, whatever it was asked."""

_NO_STARTTLS = (
    "it offers no encryption (STARTTLS): set `tls: implicit` for its TLS port, or `tls: auto` to go without"
)


def failure(host: str, error: Exception) -> DeliveryError:
    """4xx answers (greylisting, full box), lost and refused connections and timeouts are transient; without
    a connection, or after 421, the place is out.

    A 5xx answer to the mail's text refuses this mail; to anything before it (the greeting, STARTTLS, the
    login, the sender, every reader) it refuses all mails, as do a required STARTTLS that is missing and a
    distrusted certificate.
    """
    from aiosmtplib import SMTPConnectError, SMTPException, SMTPRecipientsRefused

    if isinstance(error, SMTPRecipientsRefused):
        return _recipients(host, error)
    if isinstance(getattr(error, "code", None), int):
        return _answered(host, error)
    if _distrusted(error):
        return _error(host, "its certificate is not trusted: set `ca_file`", place=True)
    if isinstance(error, FileNotFoundError):
        return _error(host, "the file that `ca_file` names does not exist", place=True)
    if isinstance(error, (SMTPException, ValueError)) and not isinstance(error, OSError):
        return _error(host, _NO_STARTTLS if "STARTTLS" in str(error) else str(error), place=True)
    if isinstance(error, TimeoutError):
        return _error(host, "no answer in time", out=isinstance(error, SMTPConnectError))
    if isinstance(error, SMTPConnectError):
        return _error(host, unreached(error.__cause__ or error), out=True)
    return _error(host, str(error) or type(error).__name__)


def _recipients(host: str, error: Exception) -> DeliveryError:
    refused = getattr(error, "recipients", [])
    said = "; ".join(f"{one.code} {one.message}" for one in refused)
    return _error(host, said, place=all(one.code >= 500 for one in refused))


def _answered(host: str, error: Exception) -> DeliveryError:
    from aiosmtplib import SMTPDataError, SMTPSenderRefused

    code, text = int(getattr(error, "code", 0)), getattr(error, "message", "")
    too_large = isinstance(error, SMTPSenderRefused) and code == TOO_LARGE
    if code >= 500 and (isinstance(error, SMTPDataError) or too_large):
        return _error(host, f"{code} {text}", permanent=True)
    return _error(host, f"{code} {text}", place=code >= 500, out=code == CLOSING)


def _distrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _error(
    host: str, said: str, *, permanent: bool = False, place: bool = False, out: bool = False
) -> DeliveryError:
    text = f"{one_line(host, 80)}: {one_line(said, 160)}"
    return DeliveryError(text, permanent=permanent or place, place=place or out)
