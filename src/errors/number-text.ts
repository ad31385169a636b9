/**
 * 13002 -> "13,002": the same everywhere, whatever the machine's locale. By hand, because the first `toLocaleString` of
 * a process costs 15 ms.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
