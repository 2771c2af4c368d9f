import { hash } from 'node:crypto'
import { accepted } from './accepted.ts'
import type { Answer } from './answer.ts'
import { problemOf } from './failed.ts'
import type { Problem } from './problem.ts'
import type { Around } from './route.ts'

export type WaysOn = {
  /** The path of the first page, if the service has one. */
  home: string | undefined
  /** Path and query of the request; a person may try it again. */
  again: string
}

/**
 * Browsers name this type when a person asks for a page; programs that accept any type do not, and those that prefer
 * JSON get JSON.
 */
export function acceptsPages(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const all = accepted(accept)
  const quality = (type: RegExp) => Math.max(0, ...all.filter(({ name }) => type.test(name)).map(({ q }) => q))
  const page = quality(/^text\/html$/)
  return page > 0 && page >= quality(/^application\/(?:problem\+)?json$/)
}

/**
 * A problem as a page, with a title and a way back. It needs no other file, since what failed may be what serves files.
 */
export function errorPage(problem: Problem, { home, again }: WaysOn): Answer & { body: string } {
  const { title } = problem
  const { errors = [], headers } = problem.options
  const items = errors.map(({ pointer, detail }) => `<li><b>${shown(pointer)}</b> ${shown(detail)}</li>`)
  const links = [
    // another attempt at the same request only helps if the fault may pass
    ...(problem.status >= 500 ? [`<a href="${escaped(again.replace(/^[/\\]+/, '/'))}">Try again</a>`] : []),
    ...(home === undefined ? [] : [`<a href="${escaped(home)}">Show all activities</a>`]),
  ]
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} · Activity log</title>
<meta name="description" content="The activity log could not show this page.">
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${items.length > 0 ? `<ul>${items.join('')}</ul>` : `<p>${shown(problem.message)}</p>`}
${links.length > 0 ? `<p>${links.join(' ')}</p>` : ''}
</main>
</body>
</html>
`
  return { status: problem.status, headers: { ...pageHeaders, ...headers }, body }
}

/** Answers with a page when the route of a page fails, and a person asked for it. */
export const withErrorPage: Around = (handle, { page }) => {
  if (!page) return handle
  return (request) =>
    handle(request).catch((error: unknown) => {
      if (!acceptsPages(request.header('accept'))) throw error
      const { url, basePath, log, requestId } = request
      const { pathname: path, search } = new URL(url, 'http://localhost')
      return errorPage(problemOf(error, { log, requestId, path }), { home: `${basePath}/`, again: path + search })
    })
}

const style = `:root{color-scheme:light dark;font:14px/1.45 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
body{margin:0;padding:48px 20px;background:light-dark(#fbfbfa,#131518);color:light-dark(#1c1f23,#e4e6e9)}
main{max-width:640px;margin:auto;padding:24px;background:light-dark(#fff,#1a1d21);border-radius:6px;border:1px solid light-dark(#e4e4e0,#2b3036);border-top:3px solid light-dark(#b3261e,#ff8a80);overflow-wrap:anywhere}
h1{font-size:1.25rem;margin:0}
a{display:inline-block;min-height:24px;margin-right:12px;color:light-dark(#2456b8,#8ab0ff)}`

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; img-src data:; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  vary: 'accept',
}

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] as string)

/** What would turn the text after it around is shown as a URL has it. */
const shown = (text: string) =>
  escaped(text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, encodeURIComponent))
