import { type App, methodNotAllowed } from '@activity-log/shared/http/app.ts'
import { entityTag, isKnown } from '@activity-log/shared/http/conditional.ts'
import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { assetPaths } from '../viewer/assets.ts'
import { referencePage } from './reference-page.ts'

/** The contract of all three functions, for programs and for people. Nothing of it is read before somebody asks. */
export function addDocs(app: App): void {
  app.get('/openapi.json', async (c) => {
    refuseParameters(c.req.url)
    const { text, tag } = await readContract()
    const headers = { etag: tag, 'cache-control': 'public, no-cache' }
    if (isKnown(tag, c.req.header('if-none-match'))) return c.body(null, 304, headers)
    return c.body(text, 200, { ...headers, 'content-type': 'application/json' })
  })
  app.all('/openapi.json', methodNotAllowed('GET', 'HEAD'))

  app.get('/docs', async (c) => {
    refuseParameters(c.req.url)
    const [{ document }, asset] = await Promise.all([readContract(), assetPaths()])
    const html = await referencePage(document, asset)
    return c.body(String(html), 200, pageHeaders)
  })
  app.all('/docs', methodNotAllowed('GET', 'HEAD'))
}

let contract: ReturnType<typeof importContract> | undefined
function readContract() {
  contract ??= importContract()
  return contract
}

async function importContract() {
  const { default: document } = await import('./openapi.json', { with: { type: 'json' } })
  const text = JSON.stringify(document)
  return { document, text, tag: entityTag(text) }
}

/** Nothing from elsewhere, and no scripts. */
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'public, no-cache',
}
