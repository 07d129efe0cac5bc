"""Queries of the warehouse: RESTful Model Access (RMA), page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from raylab.data.fetching.http import answer_of, http_session, refusal
from raylab.errors import ConfigError, DataError

T = TypeVar("T")
# A row of an answer; what it holds depends on the query.
Row = dict[str, Any]

# The address that allensdk asks (allensdk.api.api.Api.default_api_url,
# EcephysProjectWarehouseApi.default).
BASE_URI = "http://api.brain-map.org"
# As allensdk's RmaEngine. Rows of the database are counted, which may be more than rows of the
# answer where a query includes other models; 5000 hold each such query of this package in one page.
PAGE_ROWS = 5000
IDS_A_QUERY = 100  # an address should stay below 8 kB


@dataclass(frozen=True, kw_only=True)
class Query:
    """One RMA query.

    Attributes:
        model: Whose rows.
        criteria: Which rows, as RMA writes it: `[id$in1,2]`.
        include: Models to put into each row.
        options: `[only$eq'a,b']` or `[tabular$eq'a,b']`: fewer columns.
        order: Pages need an order that does not change between them.
    """

    model: str
    criteria: str = ""
    include: str = ""
    options: str = ""
    order: str = "id"

    def page(self, start: int, rows: int) -> str:
        stages = [f"model::{self.model}"]
        stages += [f"rma::criteria,{self.criteria}"] if self.criteria else []
        stages += [f"rma::include,{self.include}"] if self.include else []
        stages += [
            f"rma::options{self.options}[num_rows$eq{rows}][start_row$eq{start}][order$eq'{self.order}']"
        ]
        return ",".join(stages)


class Warehouse:
    """A warehouse that speaks RMA; use as a context.

    Args:
        base_uri: Scheme and host, of a mirror perhaps.

    Raises:
        ConfigError: `base_uri` is not an http(s) address.
    """

    def __init__(self, base_uri: str = BASE_URI) -> None:
        if not base_uri.startswith(("http://", "https://")):
            raise ConfigError(
                f"base_uri '{base_uri}' is not an http address", f"For example: {BASE_URI}"
            )
        self.base_uri = base_uri.rstrip("/")
        self._http = http_session()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.close()

    def url(self, link: str) -> str:
        """A download link, which the warehouse gives with or without its leading slash, as an
        address.
        """
        return f"{self.base_uri}/{link.lstrip('/')}"

    def rows(self, query: Query) -> list[Row]:
        """All rows of a query.

        Raises:
            DataError: Not reachable, a query that the warehouse refuses, or pages that do not add
                up.
        """
        rows: list[Row] = []
        start, total = 0, None
        while total is None or start < total:
            page = self._page(query, start)
            if total is not None and page["total_rows"] != total:
                raise self._lost(query, f"{total} rows are {page['total_rows']} now")
            total = page["total_rows"]
            if page["num_rows"] < (1 if start < total else 0):
                raise self._lost(query, f"{start} of {total} rows arrived, then an empty page")
            if not query.include and len(page["msg"]) != page["num_rows"]:
                raise self._lost(
                    query, f"a page of {page['num_rows']} rows holds {len(page['msg'])}"
                )
            rows += page["msg"]
            start += page["num_rows"]
        return rows

    def _lost(self, query: Query, what: str) -> DataError:
        return DataError(
            f"{self.base_uri}: the answer about {query.model} is not complete: {what}",
            "Try again; if it stays so, the warehouse is being changed or a proxy shortens its "
            "answers.",
        )

    def _page(self, query: Query, start: int) -> Row:
        text = quote(query.page(start, PAGE_ROWS), safe=";/?:@&=+$,")
        url = f"{self.base_uri}/api/v2/data/query.json?q={text}"
        try:
            page = json.loads(self._body(url))
        except ValueError:
            raise DataError(
                f"{url}: the answer is not JSON", "Check --base-uri: is it a warehouse?"
            ) from None
        if not isinstance(page, dict) or "success" not in page:
            raise DataError(f"{url}: not an RMA answer", "Check --base-uri: is it a warehouse?")
        if page["success"] is not True:
            raise DataError(
                f"{self.base_uri}: the warehouse refuses to list {query.model}: {page.get('msg')}"
            )
        whole = isinstance(page.get("msg"), list) and all(
            isinstance(row, dict) for row in page["msg"]
        )
        if not whole or not all(
            isinstance(page.get(key), int) for key in ("num_rows", "total_rows")
        ):
            raise DataError(
                f"{url}: an RMA answer without rows", "Check --base-uri: is it a warehouse?"
            )
        return page

    def _body(self, url: str) -> bytes:
        response = answer_of(self._http, url, self.base_uri)
        # RMA puts its own errors into the body, with a status that is not 200.
        if response.status_code != 200 and "json" not in response.headers.get("Content-Type", ""):
            raise refusal(url, response)
        return response.content


def table(query: Query, rows: list[Row], make: Callable[[Row], T | None]) -> list[T]:
    """What `make` makes of each row, without None.

    Raises:
        DataError: A row lacks what `make` looks up; names the model and the key.
    """
    try:
        return [made for row in rows if (made := make(row)) is not None]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"the warehouse's rows of {query.model} are not as expected: {type(error).__name__} "
            f"{error}",
            "Perhaps the warehouse has changed, or --base-uri is not one: report it with this "
            "message.",
        ) from None


def batches(ids: Sequence[int]) -> Iterator[str]:
    """Ids as RMA writes them, some at a time."""
    for start in range(0, len(ids), IDS_A_QUERY):
        yield ",".join(str(number) for number in ids[start : start + IDS_A_QUERY])
