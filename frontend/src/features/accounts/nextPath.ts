/** Where to go after signing in: the page one wanted, if it is one of ours; else home. */
export function nextPath(path: unknown): string {
  if (typeof path !== 'string') return '/'
  const ours = path.startsWith('/') && !path.startsWith('//') && !path.includes('\\')
  return ours ? path : '/'
}
