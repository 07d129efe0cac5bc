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
