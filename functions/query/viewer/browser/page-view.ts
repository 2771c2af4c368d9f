import { type View, viewOf } from '../views/view.ts'
import { basePath } from './dom.ts'

/** The parameters of this page, from its address. Links add the tenant themselves. */
export const view: View = viewOf([...new URLSearchParams(location.search)].filter(([name]) => name !== 'tenant'))
export const zone = document.documentElement.dataset['zone'] ?? 'UTC'

/** Stores a setting in a cookie for a year, since the server needs it to render a page. */
export function remember(name: 'theme' | 'zone', value: string) {
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore requires TLS
  document.cookie = `${name}=${encodeURIComponent(value)}; path=${basePath || '/'}; max-age=31536000; samesite=lax`
}
