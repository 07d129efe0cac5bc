"""HTTP that neither hangs nor gives up at the first failure: time-outs always, retries."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from raylab.errors import DataError
from raylab.version import __version__

TIMEOUT_S = (10.0, 30.0)  # to connect; between two packets
RETRIES = 4
BACKOFF_S = 0.5  # doubled with each retry
PAUSE_S = 1.0  # longer with each answer that breaks off


def http_session() -> requests.Session:
    """A session that asks again, a little later each time, on 5xx and on connections that end
    before an answer.

    One for each thread: sessions of `requests` are not made to be shared. Proxies come from the
    environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
    """
    retry = Retry(
        total=RETRIES,
        backoff_factor=BACKOFF_S,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET", "HEAD"),
        raise_on_status=False,  # the last answer is shown to the user
        respect_retry_after_header=False,  # a server may ask for hours
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    session.headers["User-Agent"] = f"raylab/{__version__}"
    return session


def open_url(
    http: requests.Session,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    """The answer's status and headers; its body is read later.

    Raises:
        requests.RequestException: No answer after all retries.
        DataError: The address is not one.
    """
    try:
        return http.request(
            method, url, headers=headers, stream=True, timeout=TIMEOUT_S, allow_redirects=True
        )
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise DataError(f"{url}: not an address ({error})", "Check --base-uri.") from None


def answer_of(http: requests.Session, url: str, server: str) -> requests.Response:
    """A whole answer, whatever its status.

    The adapter tries again until an answer begins; one that breaks off in the middle is asked for
    anew here.

    Args:
        server: Whose answer it is, for the error.

    Raises:
        DataError: The server cannot be reached, or all its answers break off.
    """
    for attempt in range(RETRIES + 1):
        try:
            with open_url(http, url) as response:
                try:
                    response.content  # noqa: B018  (read, and kept by the response)
                    return response
                except requests.RequestException as error:
                    reason = why(error)
        except requests.RequestException as error:
            raise DataError(
                f"{server}: not reachable ({why(error)})",
                "Check the network, --base-uri and the proxy settings (HTTP_PROXY, HTTPS_PROXY, "
                "NO_PROXY).",
            ) from None
        time.sleep(PAUSE_S * attempt)
    raise DataError(f"{server}: answers break off ({reason})", "Try again later.")


def refusal(url: str, response: requests.Response) -> DataError:
    """What to tell of an answer that is not the wanted one."""
    later = (
        "The server has a problem: try again later."
        if response.status_code >= 500
        else "Check --base-uri."
    )
    return DataError(f"{url}: the server answers {response.status_code} {response.reason}", later)


def why(error: requests.RequestException) -> str:
    """The innermost reason: `requests` wraps what urllib3 wraps, and prints all of it."""
    inner: BaseException = error
    while True:
        following = getattr(inner, "reason", None) or next(
            (a for a in inner.args if isinstance(a, BaseException)), None
        )
        if not isinstance(following, BaseException):
            return str(inner).rsplit(": ", 1)[-1] or type(inner).__name__
        inner = following
