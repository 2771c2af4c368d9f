/** The path if it is one of this log, or else that of its first page: nobody is led to another site. */
export function localPath(to: string | null, basePath: string): string {
  const home = `${basePath}/`
  // browsers drop control characters, take a backslash for a slash, and two slashes for the start of a host
  if (to === null || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(to)) return home
  const url = URL.parse(to, 'http://log.invalid')
  if (url?.origin !== 'http://log.invalid' || url.pathname.startsWith('//')) return home
  const path = url.pathname + url.search
  const isSignIn = /^\/log(?:in|out)$/.test(path.slice(basePath.length).replace(/\?.*/s, ''))
  return path.startsWith(home) && !isSignIn ? path : home
}
