"""What the arena answers when it refuses a request. Nothing has changed then."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - an answer to the browser, not a fault of the server
    """A request that changes nothing.

    Attributes:
        status: of HTTP.
        code: one word for programs.
        message: one sentence for the rater.
    """

    status = 400
    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Malformed(Refused):
    """Not what the page sends: no JSON, a field missing, unknown or of a wrong type, an answer that is no choice."""

    status = 422
    code = "malformed"


class TooLarge(Refused):
    """A body longer than any vote."""

    status = 413
    code = "too-large"


class NotJson(Refused):
    """A body of another type than JSON, such as a form that another site sends."""

    status = 415
    code = "not-json"


class LoginNeeded(Refused):
    """The study asks for a login, and there is none."""

    status = 401
    code = "login"


class ConsentNeeded(Refused):
    """No rater yet: the instructions come first."""

    status = 403
    code = "consent"


class OtherSite(Refused):
    """A request that another site's page made."""

    status = 403
    code = "other-site"


class Unknown(Refused):
    """No such task or video of this rater; that it may be another rater's is not told."""

    status = 404
    code = "unknown"


class Conflict(Refused):
    """The task was answered otherwise, skipped or taken back before."""

    status = 409
    code = "conflict"


class Gone(Refused):
    """The task was kept for the rater for too long, and others have judged it since."""

    status = 410
    code = "gone"
