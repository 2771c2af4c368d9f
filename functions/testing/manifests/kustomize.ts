import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse, parseAllDocuments } from 'yaml'

/**
 * As much of kustomize as the kustomizations here use, so that their tests need nothing but npm. A field that is not
 * known here throws. Generated names keep no hash.
 */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: { [name: string]: string } }
  /** Of a ConfigMap or a Secret. */
  data?: { [key: string]: string }
  [field: string]: unknown
}
export type Operation = { op: 'add' | 'replace' | 'remove'; path: string; value?: unknown }

const Generator = v.strictObject({
  name: v.string(),
  namespace: v.optional(v.string()),
  behavior: v.optional(v.literal('merge')),
  literals: v.array(v.string()),
})
const Kustomization = v.strictObject({
  apiVersion: v.string(),
  kind: v.picklist(['Kustomization', 'Component']),
  namespace: v.optional(v.string()),
  resources: v.array(v.string()),
  components: v.optional(v.array(v.string()), []),
  configMapGenerator: v.optional(v.array(Generator), []),
  secretGenerator: v.optional(v.array(Generator), []),
  patches: v.optional(
    v.array(
      v.strictObject({
        path: v.optional(v.string()),
        patch: v.optional(v.string()),
        target: v.strictObject({ group: v.optional(v.string()), kind: v.string(), name: v.optional(v.string()) }),
      }),
    ),
    [],
  ),
  images: v.optional(
    v.array(
      v.strictObject({
        name: v.string(),
        newName: v.string(),
        newTag: v.optional(v.string()),
        digest: v.optional(v.string()),
      }),
    ),
    [],
  ),
  configurations: v.optional(v.array(v.string()), []),
})

/** What `kubectl kustomize FOLDER` renders. */
export function build(folder: string): Manifest[] {
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  const kustomization = v.parse(Kustomization, parse(text('kustomization.yaml')))
  const isFolder = (name: string) => existsSync(join(folder, name, 'kustomization.yaml'))
  const set = kustomization.resources.flatMap((name) => (isFolder(name) ? build(join(folder, name)) : read(text(name))))
  for (const generator of kustomization.configMapGenerator) generate(set, 'ConfigMap', generator)
  for (const generator of kustomization.secretGenerator) generate(set, 'Secret', generator)
  set.push(...kustomization.components.flatMap((name) => build(join(folder, name))))

  for (const { path, patch, target } of kustomization.patches) {
    const operations: Operation[] = parse(patch ?? text(path ?? ''))
    const hit = set.filter(
      ({ apiVersion, kind, metadata }) =>
        kind === target.kind &&
        (!target.group || apiVersion.startsWith(`${target.group}/`)) &&
        (!target.name || metadata.name === target.name),
    )
    if (hit.length === 0) throw new Error(`${folder}: a patch has no target: ${JSON.stringify(target)}`)
    for (const manifest of hit) change(manifest, operations)
  }
  for (const manifest of set) {
    if (kustomization.namespace && manifest.kind !== 'Namespace') manifest.metadata.namespace = kustomization.namespace
    for (const { name, newName, newTag, digest } of kustomization.images) {
      rename(manifest, name, digest ? `${newName}@${digest}` : `${newName}:${newTag}`)
    }
  }
  return set
}

const read = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS())

function generate(set: Manifest[], kind: 'ConfigMap' | 'Secret', generator: v.InferOutput<typeof Generator>) {
  const { name, namespace, behavior, literals } = generator
  const encode = (value: string) => (kind === 'Secret' ? Buffer.from(value).toString('base64') : value)
  const entry = (literal: string) => {
    const at = literal.indexOf('=')
    return [literal.slice(0, at), encode(literal.slice(at + 1))]
  }
  const data = Object.fromEntries(literals.map(entry))
  const same = set.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)
  if (Boolean(same) !== (behavior === 'merge')) throw new Error(`${kind} ${name}: merge is for what is there already`)
  if (same) {
    same.data = { ...same.data, ...data }
    return
  }
  const type = kind === 'Secret' && { type: 'Opaque' }
  set.push({ apiVersion: 'v1', kind, metadata: { name, ...(namespace && { namespace }) }, ...type, data })
}

/** RFC 6902, in place. */
export function change(manifest: Manifest, operations: readonly Operation[]) {
  for (const { op, path, value } of operations) {
    const keys = path.split('/').slice(1)
    const names = keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = names.pop() ?? ''
    const parent = names.reduce<unknown>(
      (node, name) => (node as { [name: string]: unknown } | undefined)?.[name],
      manifest,
    )
    if (typeof parent !== 'object' || parent === null) throw new Error(`${manifest.metadata.name} has no ${path}`)
    if (op !== 'add' && !(last in parent)) throw new Error(`${manifest.metadata.name} has no ${path}`)
    const copy = structuredClone(value)
    if (Array.isArray(parent)) {
      const at = last === '-' ? parent.length : Number(last)
      parent.splice(at, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [copy]))
    } else if (op === 'remove') delete (parent as { [name: string]: unknown })[last]
    else (parent as { [name: string]: unknown })[last] = copy
  }
}

/** Gives the image its full name, wherever a container has it. */
function rename(node: unknown, image: string, name: string) {
  if (typeof node !== 'object' || node === null) return
  const object = node as { [name: string]: unknown }
  if (object['image'] === image) object['image'] = name
  for (const child of Object.values(object)) rename(child, image, name)
}
