import { execFileSync, spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** Runs the installed kustomize: the command of that name, or the one inside kubectl. */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: { [name: string]: string } }
  /** Only a ConfigMap or a Secret has data. */
  data?: { [key: string]: string }
  [field: string]: unknown
}

const knative = join(import.meta.dirname, '../../../knative')

/** `.ci/run` installs kustomize there. */
const installed = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'activity-log/bin/kustomize')
const commands = [
  ['kustomize', 'build'],
  [installed, 'build'],
  ['kubectl', 'kustomize'],
] as const
const command = commands.find(([program, verb]) => spawnSync(program, [verb, '--help']).status === 0)

/** The reason to skip tests of rendered manifests; empty when they can run. */
export const whyNoKustomize = command ? '' : 'neither kustomize nor kubectl is installed'

/** Everything that `kubectl apply -k` would apply, without the hashes in generated names. */
export const render = (overlay: string): Manifest[] => renderFolder(join(knative, 'overlays', overlay))

export function renderFolder(folder: string): Manifest[] {
  if (!command) throw new Error(whyNoKustomize)
  const [program, verb] = command
  const text = execFileSync(program, [verb, folder], { encoding: 'utf8' })
  const withoutHashes = text.replaceAll(/\b(functions|kafka|mongodb)-[a-z0-9]{10}\b/g, '$1')
  const manifests: Manifest[] = parseAllDocuments(withoutHashes).map((document) => document.toJS())
  return manifests.map((manifest) => (manifest.kind === 'Secret' ? unwrapped(manifest) : manifest))
}

/** kustomize wraps long base64. */
function unwrapped(secret: Manifest): Manifest {
  const entries = Object.entries(secret.data ?? {})
  return { ...secret, data: Object.fromEntries(entries.map(([key, text]) => [key, text.replaceAll('\n', '')])) }
}
