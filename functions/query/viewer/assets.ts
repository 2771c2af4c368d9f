import { type App, methodNotAllowed } from '@activity-log/shared/http/app.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import { buildAssets } from './build-assets.ts'

/** The path of "viewer.js" or the like. */
export type AssetPath = (name: string) => string

const types: { readonly [ending: string]: string } = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

let built: ReturnType<typeof buildAssets> | undefined
// what failed may succeed after an edit
function readAssets() {
  built ??= buildAssets().catch((error) => {
    built = undefined
    throw error
  })
  return built
}

export async function assetPaths(): Promise<AssetPath> {
  const files = Object.keys(await readAssets())
  return (name) => {
    const [base, ending] = name.split('.')
    const file = files.find((each) => each.startsWith(`${base}-`) && each.endsWith(`.${ending}`))
    if (!file) throw new Error(`The viewer has no ${name}`)
    return `/assets/${file}`
  }
}

/** The name has a hash of the content: it never changes, and nobody asks twice. */
export function addAssets(app: App): void {
  app.get('/assets/:file', async (c) => {
    const files = await readAssets()
    const file = c.req.param('file')
    const content = Object.hasOwn(files, file) ? files[file] : undefined
    if (content === undefined)
      throw new Problem('not-found', 'There is no such file. Load the page again: it names those there are.')
    return c.body(content, 200, {
      'content-type': types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    })
  })
  app.all('/assets/:file', methodNotAllowed('GET', 'HEAD'))
}
