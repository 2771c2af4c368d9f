import assert from 'node:assert/strict'
import { bearer } from '@activity-log/shared/testing/access.ts'
import { type Answer, anActivity, post } from '@activity-log/shared/testing/builders.ts'

/** A log in containers, and ways to ask it. */
export type ComposeLog = {
  origin: string
  compose(args: readonly string[]): Promise<string>
  upAgain(env: NodeJS.ProcessEnv): Promise<unknown>
  request(path: string, init?: RequestInit): Promise<Response>
  answer(path: string, init?: RequestInit): Promise<{ status: number; body: Answer }>
  eventually(what: string, condition: () => Promise<boolean>): Promise<void>
}

/** Makes keys as docker-compose.yml says, and uses the log as the holders of these keys do. */
export async function askForKeys(log: ComposeLog): Promise<void> {
  const { origin, compose, request, answer, eventually, upAgain } = log
  const create = async (name: string, tenant: string, scopes: string) => {
    const words = ['--name', name, '--tenant', tenant, '--scopes', scopes]
    return (await compose(['run', '--rm', 'log', 'keys', 'create', ...words])).trim()
  }
  const shop = await create('shop', 'shop', 'write,read')
  const operator = await create('Olga', '*', 'read,operate')
  await upAgain({ ACCESS: 'keys', INGEST_KEY: await create('audit', '*', 'audit') })
  assert.equal((await request('/logs')).status, 401)

  const asShop = bearer(shop)
  for (const action of ['login', 'logout']) {
    const { status } = await answer('/logs', post(anActivity({ id: 'of-the-shop', action }), asShop))
    assert.equal(status, 202)
  }
  const listOf = async (query: string, headers: { [name: string]: string }) =>
    (await answer(`/logs?${query}`, { headers })).body.data
  await eventually('a list with a key', async () => (await listOf('action=login', asShop)).length === 1)

  const own = { origin, 'sec-fetch-site': 'same-origin' }
  const form = { method: 'POST', redirect: 'manual', body: new URLSearchParams({ key: operator }) } as const
  const signIn = async () => (await request('/login', { ...form, headers: own })).headers.get('set-cookie') ?? ''
  const [cookie = ''] = (await signIn()).split(';')
  assert.ok(cookie, 'the operator could not sign in')
  const session = { cookie, ...own }
  let letters: { id: string }[] = []
  await eventually('the operator sees the dead letter of the shop', async () => {
    letters = (await answer('/dead-letters?tenant=shop', { headers: session })).body.data as { id: string }[]
    return letters.length === 1
  })
  const replayed = await answer(`/dead-letters/${letters[0]?.id}/replay?tenant=shop`, {
    method: 'POST',
    headers: session,
  })
  assert.equal(replayed.status, 200)
  await eventually('the use of the log is in the log', async () => {
    const [ofShop = [], ofSystem = []] = await Promise.all(
      ['shop', '$system'].map((tenant) => listOf(`tenant=${tenant}&action=activity-log.*&limit=100`, session)),
    )
    const actions = (found: readonly { action: string }[]) => new Set(found.map(({ action }) => action))
    return (
      actions(ofShop).has('activity-log.first-seen') &&
      ['sign-in', 'replay'].every((act) => actions(ofSystem).has(`activity-log.${act}`)) &&
      actions(ofShop).has('activity-log.replay')
    )
  })
}
