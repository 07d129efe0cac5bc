"""How a trial and its workers keep in step."""

from __future__ import annotations

import asyncio

from raylab.training.reports import Report


class Gate:
    """An actor between a trial and the first of its workers. Reports go one way; the decision to go
    on comes back after each report.

    The two sides move in lockstep, so that a stopped trial ends at the step at which it was
    stopped, and its workers end by themselves. The placement group of killed workers would stay
    reserved until a helper of Ray Train notices.
    """

    def __init__(self) -> None:
        self._reports: asyncio.Queue[Report] = asyncio.Queue()
        self._decisions: asyncio.Queue[bool] = asyncio.Queue()

    async def report(self, report: Report) -> bool:
        """Hand over a report of a worker; returns whether to go on."""
        await self._reports.put(report)
        return await self._decisions.get()

    async def take(self) -> Report:
        """The next report."""
        return await self._reports.get()

    async def decide(self, go_on: bool) -> None:
        """Answer the last report."""
        await self._decisions.put(go_on)
