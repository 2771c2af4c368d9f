import type { Answer } from '@activity-log/shared/http/answer.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { buildAssets } from './build-assets.ts'

/** Returns the path of an asset, such as "viewer.js". */
export type AssetPath = (name: string) => string

const types: { readonly [ending: string]: string } = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

let built: ReturnType<typeof buildAssets> | undefined
// a failed build is forgotten, since the next one may succeed after an edit
function readAssets() {
  built ??= buildAssets().catch((error) => {
    built = undefined
    throw error
  })
  return built
}

export async function assetPaths(basePath: string): Promise<AssetPath> {
  const files = Object.keys(await readAssets())
  return (name) => {
    const [base, ending] = name.split('.')
    const file = files.find((each) => each.startsWith(`${base}-`) && each.endsWith(`.${ending}`))
    if (!file) throw new Error(`The viewer has no asset named ${name}`)
    return `${basePath}/assets/${file}`
  }
}

/** A file's name contains a hash of its content, so the file never changes and clients may keep it forever. */
export const assetRoutes: Routes = { 'GET /assets/:file': { scope: 'public', handle: asset } }

async function asset({ parameters }: ServiceRequest): Promise<Answer> {
  const files = await readAssets()
  const { file = '' } = parameters
  const body = Object.hasOwn(files, file) ? files[file] : undefined
  if (body === undefined)
    throw new Problem('not-found', 'There is no such file. Reload the page to get the current files.')
  const headers = {
    'content-type': types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  }
  return { status: 200, headers, body }
}
