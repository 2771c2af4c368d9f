import type { Manifest } from './kustomize.ts'

export type Operation = { op: 'add' | 'replace' | 'remove'; path: string; value?: unknown }

/** Applies the operations of RFC 6902 in place. */
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
