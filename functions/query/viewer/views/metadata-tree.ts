import { type Child, foreign, type H, visible } from './h.ts'
import type { ValueLinks } from './value-links.ts'

/** The number of members that are shown for one activity. */
const maxMembers = 300
const openLevels = 2
const maxFilterCharacters = 256

/** A value as JSON.parse returns it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Path = readonly string[]

const isBranch = (value: Json): value is readonly Json[] | { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null

/** A tree of details elements, which open without scripts. `links` makes those beside values that can be filters. */
export function metadataTree<Node>(h: H<Node>, metadata: Json, links: ValueLinks | undefined): Node {
  let left = maxMembers

  function members(value: Json, path: Path | undefined): Node {
    const entries = Array.isArray(value)
      ? value.map((item, at) => [String(at), item] as const)
      : Object.entries(value ?? {})
    const inArray = Array.isArray(value)
    const items: Child<Node>[] = []
    for (const [name, item] of entries) {
      if (left-- <= 0) {
        items.push(h('li', { class: 'more' }, `… ${entries.length - items.length} more: open the JSON to see them`))
        break
      }
      const isPlain = path !== undefined && !inArray && name !== '' && !name.includes('.') && !name.includes(',')
      items.push(member(name, item, isPlain ? [...path, name] : undefined, (path?.length ?? openLevels) + 1))
    }
    return h('ul', { class: 'tree' }, items)
  }

  function member(name: string, value: Json, path: Path | undefined, level: number): Node {
    const key = h('span', { class: 'key' }, foreign(h, name))
    if (!isBranch(value)) return h('li', null, key, ' ', leaf(value, path))
    const count = Array.isArray(value) ? value.length : Object.keys(value).length
    const size = h('span', { class: 'size' }, Array.isArray(value) ? `[${count}]` : `{${count}}`)
    if (count === 0) return h('li', null, key, ' ', size)
    return h(
      'li',
      null,
      h('details', { open: level <= openLevels }, h('summary', null, key, ' ', size), members(value, path)),
    )
  }

  function leaf(value: Exclude<Json, object> | null, path: Path | undefined): Child<Node> {
    const kind = value === null ? 'null' : typeof value
    const text = typeof value === 'string' ? value : String(value)
    const shown = h('span', { class: `value ${kind}` }, text === '' ? '""' : foreign(h, text))
    if (!links || path === undefined || value === null || text.length > maxFilterCharacters) return shown
    const { only, column } = links(`metadata.${path.join('.')}`, text)
    const name = visible(path.join('.'))
    return [
      shown,
      h('a', { class: 'quiet', href: only, 'aria-label': `only this ${name}: ${visible(text)}` }, 'only this'),
      h('a', { class: 'quiet', href: column, 'aria-label': `show or hide the column ${name}` }, 'column'),
    ]
  }

  return members(metadata, [])
}

/** The first names and values, on one line. */
export function metadataLine<Node>(h: H<Node>, metadata: { readonly [name: string]: Json }): Child<Node> {
  return Object.entries(metadata)
    .slice(0, 12)
    .map(([name, value]) => [
      h(
        'span',
        { class: 'pair' },
        h('span', { class: 'key' }, foreign(h, shortened(name))),
        ' ',
        foreign(h, shortened(short(value))),
      ),
      ' ',
    ])
}

/** The value at a path, on one line. */
export function metadataAt(metadata: Json | undefined, path: Path): string {
  let at: Json | undefined = metadata
  for (const name of path)
    at = isBranch(at ?? null) && Object.hasOwn(at as object, name) ? (at as { [name: string]: Json })[name] : undefined
  return at === undefined ? '' : shortened(short(at))
}

function short(value: Json): string {
  if (Array.isArray(value)) return `[${value.length}]`
  if (isBranch(value)) return `{${Object.keys(value).length}}`
  return String(value)
}

export const shortened = (text: string) => (text.length > 120 ? `${text.slice(0, 119)}…` : text)
