import { html } from 'hono/html'
import type { JSXNode } from 'hono/jsx'
import type { AssetPath } from './assets.ts'

export type Content = ReturnType<typeof html> | JSXNode | string | null | undefined | false | readonly Content[]
export type Theme = 'light' | 'dark' | undefined
export const themeOf = (text: string | undefined): Theme => (text === 'light' || text === 'dark' ? text : undefined)

export type DocumentOptions = {
  title: string
  theme: Theme
  zone: string
  basePath: string
  asset: AssetPath
  nav: Content
  /** Says who has signed in. */
  who?: Content
  /** The tenant that the request names, as operators have to; the script then names it, too. */
  tenant?: string | undefined
  /** The tenant whose log this is, if somebody has signed in; what the script keeps is kept for it. */
  whose?: string | undefined
  main: Content
  shown: 'list' | 'page'
}

/** Allows no files from other sites and nothing inline, so that a script in the data cannot run. */
export const documentHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'private, no-store',
  vary: 'cookie',
}

/**
 * For a page with a form that is sent with POST: over plain HTTP, only Origin tells whose form it is, and with
 * no-referrer a browser sends `null` (Fetch standard, "append a request Origin header").
 */
export const formHeaders = { 'referrer-policy': 'same-origin' }

/**
 * Puts the base path in front of every link, form and file of a page. Pages are written as if they were at the root;
 * quotes in text are escaped, so nothing but attributes is changed. The script does the same (browser/dom.ts).
 */
export const underBasePath = (page: string, basePath: string): string =>
  basePath === '' ? page : page.replace(/ (href|src|action|data-copies)="\//g, ` $1="${basePath}/`)

/** Names the tenant in every link and form of a page that leads to something of a tenant. */
export function underTenant(page: string, tenant: string): string {
  const named = `tenant=${encodeURIComponent(tenant)}`
  const field = `<input type="hidden" name="tenant" value="${escapeHtml(tenant)}">`
  return page
    .replace(/ (href|data-copies)="(\/[^"]*)"/g, (link, name: string, to: string) =>
      ofNoTenant.test(to) || /[?;]tenant=/.test(to)
        ? link
        : ` ${name}="${to}${to.includes('?') ? '&amp;' : '?'}${named}"`,
    )
    .replace(/<form\b[^>]* method="get"[^>]*>/g, (form) => form + field)
}

const ofNoTenant = /^\/(?:assets\/|docs$|openapi\.json$|ledger$|viewer\/tenants|log(?:in|out)$)/

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] as string)

export function document(options: DocumentOptions) {
  const { title, theme, zone, basePath, asset, nav, who, tenant, whose, main, shown } = options
  const named = tenant === undefined ? '' : html` data-tenant="${tenant}"`
  const kept = whose === undefined ? '' : html` data-whose="${whose}"`
  return html`<!doctype html>
<html lang="en" data-theme="${theme ?? 'auto'}" data-zone="${zone}" data-shown="${shown}" data-base="${basePath}"${named}${kept}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${theme ?? 'light dark'}">
<title>${title}</title>
<meta name="description" content="Who did what, and when: search, count, export and follow the activity log.">
<link rel="icon" href="${asset('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${asset('style.css')}">
<script type="module" src="${asset('viewer.js')}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><svg viewBox="0 0 16 16" aria-hidden="true"><rect x="1" y="9" width="3" height="6" rx="1"></rect><rect x="6.5" y="5" width="3" height="10" rx="1"></rect><rect x="12" y="1" width="3" height="14" rx="1"></rect></svg>Activity log</a>
${nav}${
  who
    ? html`
${who}`
    : ''
}
</header>
<div class="banner" id="offline" role="status" hidden>You are offline. This page shows what was loaded before; live updates resume when the network is back.</div>
<main id="main" tabindex="-1">${main}</main>
<div class="visually-hidden" id="said" role="status" aria-live="polite"></div>
<dialog id="keys" aria-labelledby="keys-title">
<h2 id="keys-title">Keyboard shortcuts</h2>
<dl>
<div><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next, previous activity</dd></div>
<div><dt><kbd>Enter</kbd></dt><dd>open or close the activity</dd></div>
<div><dt><kbd>/</kbd></dt><dd>go to the search</dd></div>
<div><dt><kbd>n</kbd> <kbd>p</kbd></dt><dd>next, previous page</dd></div>
<div><dt><kbd>l</kbd></dt><dd>turn live updates on or off</dd></div>
<div><dt><kbd>Esc</kbd></dt><dd>close the open activity or menu</dd></div>
<div><dt><kbd>?</kbd></dt><dd>show these shortcuts</dd></div>
</dl>
<form method="dialog"><button>Close</button></form>
</dialog>
</body>
</html>`
}
