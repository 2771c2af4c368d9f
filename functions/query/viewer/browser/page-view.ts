import type { View } from '../views/view.ts'

/** What this page looks at: its address, and what its server made of it. */
export const view: View = Object.fromEntries(
  [...new URLSearchParams(location.search)].filter(([, value]) => value.trim() !== ''),
)
export const zone = document.documentElement.dataset['zone'] ?? 'UTC'

/** For a year, on every page; the server needs it before it writes the page. */
export function remember(name: 'theme' | 'zone', value: string) {
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore is only where there is TLS
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`
}
