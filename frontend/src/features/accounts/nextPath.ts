/** Where to go after signing in: the page one wanted, if it is one of ours; else home. */
export function nextPath(wanted: unknown): string {
  if (typeof wanted !== 'string') return '/'
  const ours = wanted.startsWith('/') && !wanted.startsWith('//') && !wanted.includes('\\')
  return ours ? wanted : '/'
}
