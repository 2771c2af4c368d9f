/** `member` is a JSON pointer. */
export type Found = { member: string; expected: unknown; found: unknown }

/** A pattern in `expected` accepts any text that matches it. */
export function differencesOf(expected: unknown, found: unknown, member = ''): Found[] {
  if (expected instanceof RegExp) return expected.test(String(found)) ? [] : [{ member, expected, found }]
  if (!isBranch(expected) || !isBranch(found) || Array.isArray(expected) !== Array.isArray(found)) {
    return Object.is(expected, found) ? [] : [{ member, expected, found }]
  }
  // the place of an item on a page does not matter
  if (/^\/body\/(links|shown|times)$/.test(member) && Array.isArray(expected))
    return setDifferences(expected, found as unknown as unknown[], member)
  const names = new Set([...Object.keys(expected), ...Object.keys(found)])
  const differences = [...names].flatMap((name) =>
    differencesOf(
      own(expected, name),
      own(found, name),
      `${member}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    ),
  )
  if (differences.length > 0 || !/\/metadata\b/.test(member)) return differences
  const order = [expected, found].map((object) => Object.keys(object).join())
  return order[0] === order[1] ? [] : [{ member: `${member} (its order)`, expected: order[0], found: order[1] }]
}

type Branch = { readonly [name: string]: unknown }
const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null
const own = (object: Branch, name: string) => (Object.hasOwn(object, name) ? object[name] : undefined)

function setDifferences(expected: readonly unknown[], found: readonly unknown[], member: string): Found[] {
  const lost = expected.filter((one) => !found.some((other) => differencesOf(one, other).length === 0))
  const gained = found.filter((one) => !expected.some((other) => differencesOf(other, one).length === 0))
  return lost.length + gained.length === 0 ? [] : [{ member, expected: lost, found: gained }]
}
