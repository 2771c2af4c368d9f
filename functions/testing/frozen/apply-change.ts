import { differencesOf } from './difference.ts'
import { absent, type ExpectedChange } from './expected-change.ts'

type Members = { [name: string]: unknown }

export const concerns = (change: ExpectedChange, name: string, way: string): boolean =>
  (change.way === undefined || change.way === way) &&
  (typeof change.requests === 'string' ? change.requests === name : change.requests.test(name))

/** The recorded answer after the change, and whether there was anything to change. */
export function applyChange(change: ExpectedChange, recorded: unknown): { expected: unknown; isApplied: boolean } {
  let isApplied = false
  const pattern = change.member === 'path' ? /^\/.+$/s : toPattern(change.member)
  const changed = (value: unknown): unknown => {
    if ('atMost' in change) {
      return Array.isArray(value) && value.length > change.atMost ? mark(value.slice(0, change.atMost)) : value
    }
    if (!('to' in change)) return value
    const isThere =
      change.from !== absent && differencesOf(change.from, value).length === 0 && !(change.from instanceof RegExp)
    if (change.member !== 'path' && isThere) return mark(change.to)
    const text = change.from
    if (
      typeof value !== 'string' ||
      !(text instanceof RegExp || (change.member === 'path' && typeof text === 'string'))
    )
      return value
    if (text instanceof RegExp ? !toSingle(text).test(value) : !value.includes(text)) return value
    return mark(typeof change.to === 'string' ? value.replaceAll(toGlobal(text), change.to) : change.to)
  }
  const mark = (value: unknown) => {
    isApplied = true
    return value
  }

  function walk(value: unknown, pointer: string): unknown {
    const own = pattern.test(pointer) ? changed(value) : value
    if (own !== value) return own
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${pointer}/${index}`))
    // an earlier change put the pattern there
    if (value === null || typeof value !== 'object' || value instanceof RegExp) return value
    const entries = Object.entries(value as Members).flatMap(([name, member]): [string, unknown][] => {
      const at = `${pointer}/${escaped(name)}`
      const walked = walk(member, at)
      if (walked === absent) return []
      if ('renamed' in change && pattern.test(at)) return [[mark(change.renamed) as string, walked]]
      return [[name, walked]]
    })
    return Object.fromEntries([...entries, ...added(value as Members, pointer)])
  }

  function added(value: Members, pointer: string): [string, unknown][] {
    if (!('to' in change) || change.from !== absent) return []
    const [, parent = '', name = ''] = /^(.*)\/([^/]*)$/s.exec(change.member) ?? []
    if (!toPattern(parent).test(pointer) || Object.hasOwn(value, unescaped(name))) return []
    return [[unescaped(name), mark(change.to)]]
  }

  const expected = walk(recorded, '')
  return { expected, isApplied }
}

const toSingle = (pattern: RegExp) => new RegExp(pattern, pattern.flags.replace('g', ''))
const toGlobal = (pattern: string | RegExp) =>
  pattern instanceof RegExp ? new RegExp(pattern, `${pattern.flags.replace('g', '')}g`) : pattern
const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')
const unescaped = (name: string) => name.replaceAll('~1', '/').replaceAll('~0', '~')

function toPattern(pointer: string): RegExp {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((name) => {
      if (name === '**') return '(?:/[^/]*)*'
      return name === '*' ? '/[^/]*' : `/${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`
    })
  return new RegExp(`^${parts.join('')}$`, 's')
}
