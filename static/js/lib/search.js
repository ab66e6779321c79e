/** The index of the first row for which `holds` is true, as it is for all after it; the number of rows if for none. */
export function firstWhere(rows, holds) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(rows[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
