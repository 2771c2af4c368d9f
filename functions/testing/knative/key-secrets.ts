import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readKey } from '@activity-log/shared/access/key.ts'
import type { Cluster } from './cluster.ts'
import { bothOutputs } from './command.ts'
import { namespace } from './deployment.ts'

type KeyName = 'acme' | 'globex' | 'operator'
export type WantedKey = { tenant: string; scopes: string }
export type Keys = Disposable & {
  keys: { readonly [name in KeyName]: string }
  /** Applies a Secret in which the key is revoked. */
  revoke(name: KeyName): Promise<void>
}

const cli = join(import.meta.dirname, '../../cli/main.ts')

/** Makes keys and the two Secrets with them by the commands of knative/README.md (Keys). */
export async function makeKeySecrets(
  { control }: Cluster,
  wanted: { readonly [name in KeyName]: WantedKey },
): Promise<Keys> {
  const folder = mkdtempSync(join(tmpdir(), 'activity-log-keys-'))
  const file = join(folder, 'access.json')
  const apply = (manifest: string) => control(['kubectl', '-n', namespace, 'apply', '-f', '-'], { input: manifest })
  const log = (...words: string[]) => bothOutputs([process.execPath, cli, 'keys', ...words, '--file', file])
  const create = (name: string, { tenant, scopes }: WantedKey, ...words: string[]) =>
    log('create', '--name', name, '--tenant', tenant, '--scopes', scopes, ...words)

  const audit = await create('audit', { tenant: '*', scopes: 'audit' })
  const ingestKey = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'ingest-key' } }
  await apply(JSON.stringify({ ...ingestKey, stringData: { key: audit.out.trim() } }))
  const keys = {} as { [name in KeyName]: string }
  let secret = ''
  for (const name of Object.keys(wanted) as KeyName[]) {
    const { out, error } = await create(name, wanted[name], '--secret', 'access')
    secret = out
    keys[name] = /^als_\S+$/m.exec(error)?.[0] ?? ''
  }
  await apply(secret)
  return {
    keys,
    async revoke(name) {
      await apply((await log('revoke', readKey(keys[name])?.id ?? '', '--secret', 'access')).out)
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
