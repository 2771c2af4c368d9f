import type { Answer } from '@activity-log/shared/http/answer.ts'
import { entityTag, isKnown } from '@activity-log/shared/http/conditional.ts'
import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { assetPaths } from '../viewer/assets.ts'
import { withoutTracking } from '../viewer/tracking.ts'
import { referencePage } from './reference-page.ts'

/** The contract of all three functions, for programs and for people. It is loaded when somebody first asks for it. */
export function docsRoutes(draw = referencePage): Routes {
  let served: ReturnType<typeof contractUnder> | undefined
  // drawing it takes longer than ten lists, and everybody may ask for it, without a key
  let page: Promise<string> | undefined
  return {
    'GET /openapi.json': { scope: 'public', handle: openApi },
    'GET /docs': { scope: 'public', page: true, handle: reference },
  }

  async function openApi(request: ServiceRequest): Promise<Answer> {
    refuseParameters(request.url)
    served ??= contractUnder(request.basePath)
    const { text, tag } = await served
    const headers = { etag: tag, 'cache-control': 'public, no-cache' }
    if (isKnown(tag, request.header('if-none-match'))) return { status: 304, headers }
    return { status: 200, headers: { ...headers, 'content-type': 'application/json' }, body: text }
  }

  async function reference({ url, basePath }: ServiceRequest): Promise<Answer> {
    const elsewhere = withoutTracking(url)
    if (elsewhere) return elsewhere
    refuseParameters(url)
    page ??= drawn(basePath).catch((error) => {
      // a failed build of the assets is tried again
      page = undefined
      throw error
    })
    return { status: 200, headers: pageHeaders, body: await page }
  }

  async function drawn(basePath: string): Promise<string> {
    const [document, asset] = await Promise.all([readContract(), assetPaths(basePath)])
    return String(await draw(document, asset, basePath))
  }
}

let contract: ReturnType<typeof importContract> | undefined
function readContract() {
  contract ??= importContract()
  return contract
}

const importContract = async () => (await import('./openapi.json', { with: { type: 'json' } })).default

/** The contract names the path that the API is mounted at, relative to the origin that a client knows. */
async function contractUnder(basePath: string) {
  const document = await readContract()
  const text = JSON.stringify(basePath === '' ? document : { ...document, servers: [{ url: basePath }] })
  return { text, tag: entityTag(text) }
}

/** The page loads nothing from other sites and runs no scripts. */
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'public, no-cache',
}
