import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import type { Wanted } from '@activity-log/shared/access/change-list.ts'
import { type Limits, listen } from '@activity-log/shared/http/serve.ts'
import { accessOf, anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'

/** `now` is the clock by which keys and sessions are judged, and `at` that of the log. */
type Options = { basePath?: string; now?: () => number; at?: () => Date; atOnce?: Partial<Limits> }

/** Opens a log in this process that asks for keys, with a key for each entry. */
export async function aLogWithKeys<Name extends string>(
  wanted: { readonly [name in Name]: Partial<Wanted> },
  { basePath = '', now = Date.now, at = () => new Date(), atOnce = {} }: Options = {},
) {
  const opened = new AsyncDisposableStack()
  const file = anAccessFile(wanted)
  const clock = { ms: 0 }
  const access = accessOf(file.path, { clock: () => clock.ms, now })
  const stop = new AbortController()
  const embedded = opened.use(
    await openEmbedded({ folder: aFolder(), log: silent, stopping: stop.signal, basePath, access, now: at }),
  )
  const server = opened.use(await listen({ ...embedded, port: 0, log: silent, atOnce, allowedHosts: ['log.example'] }))
  opened.defer(() => stop.abort())
  const origin = `http://localhost:${server.port}`
  const own = { origin, 'sec-fetch-site': 'same-origin' }
  const form = (path: string, fields: { [name: string]: string }, headers: { [name: string]: string } = own) =>
    fetch(origin + basePath + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    })
  /** Opens a page as a browser does. */
  const open = (path: string, headers: { [name: string]: string } = {}) =>
    fetch(origin + path, { redirect: 'manual', headers: { accept: 'text/html', ...headers } })
  async function signIn(key: string): Promise<{ cookie: string }> {
    const response = await form('/login', { key })
    const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';')
    return { cookie }
  }
  /** The access file is looked at again. */
  const lookAgain = () => {
    clock.ms += 1000
  }
  return Object.assign(opened, { ...file, origin, own, form, open, signIn, lookAgain, as: bearer })
}
