"""The report's style and its few lines of script."""

CSS = """
:root { --ink: #1f2937; --soft: #6b7280; --line: #e5e7eb; --paper: #ffffff; --back: #f6f7f9; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.55 system-ui, -apple-system,
  'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 30px; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 12px; }
.soft { color: var(--soft); }
section, .verdict { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 20px 22px; margin-top: 20px; }
.verdict { border-left: 6px solid #9ca3af; font-size: 17px; }
.verdict.wins { border-left-color: #059669; background: #f2fbf7; }
.verdict.loses { border-left-color: #dc2626; background: #fef4f4; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(124px, 1fr)); gap: 12px; margin-top: 20px; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.card b { display: block; font-size: 24px; font-weight: 650; font-variant-numeric: tabular-nums; }
.card.best { border-color: #d97706; }
.card span { color: var(--soft); font-size: 13px; }
.scroll { overflow: auto; max-height: 620px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { position: sticky; top: 0; background: var(--paper); border-bottom: 2px solid #cbd5e1; }
th.sort { cursor: pointer; user-select: none; }
th.sort:hover { color: #2563eb; }
th[data-order="1"]::after { content: " \\2191"; }
th[data-order="-1"]::after { content: " \\2193"; }
td.number, th.number { text-align: right; }
td.wrap { white-space: normal; color: #b91c1c; min-width: 280px; max-width: 420px; overflow-wrap: anywhere; }
tr.winner td { background: #fff8ec; font-weight: 600; }
tfoot { position: sticky; bottom: 0; background: var(--paper); }
tfoot td { color: var(--soft); border-bottom: 0; padding: 3px 10px; }
tfoot tr:first-child td { border-top: 2px solid #cbd5e1; padding-top: 8px; }
.state { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; background: #e5e7eb; }
.state.completed { background: #d9f2e6; color: #065f46; }
.state.pruned { background: #fdf0d0; color: #854d0e; }
.state.failed { background: #fde2e2; color: #991b1b; }
.state.interrupted { background: #ede4fb; color: #5b21b6; }
.state.running { background: #d8f1fa; color: #155e75; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
@media (max-width: 900px) { .pair { grid-template-columns: minmax(0, 1fr); } }
.warning { border-left: 4px solid #d97706; padding: 6px 12px; background: #fffaf0; margin: 0 0 12px; }
pre { background: var(--back); border-radius: 8px; padding: 14px 16px; overflow: auto; font-size: 13px;
  line-height: 1.45; margin: 8px 0 0; }
summary { cursor: pointer; color: #2563eb; }
p { margin: 0 0 10px; }
@media print { body { background: #fff; } section { break-inside: avoid; } .scroll { max-height: none; } }
"""

# A click on a head sorts by that column: numbers as numbers, empty cells last either way.
JS = """
for (const head of document.querySelectorAll('th.sort')) head.addEventListener('click', () => {
  const table = head.closest('table'), body = table.tBodies[0], column = head.cellIndex;
  const order = head.dataset.order === '1' ? -1 : 1;
  for (const other of table.querySelectorAll('th')) delete other.dataset.order;
  head.dataset.order = order;
  const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const compare = (a, b) => {
    const x = value(a), y = value(b);
    if (x === '' || y === '') return (x === '') - (y === '');
    const both = x - y;
    return order * (Number.isNaN(both) ? x.localeCompare(y) : both);
  };
  body.append(...[...body.rows].sort(compare));
});
"""
