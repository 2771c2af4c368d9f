import { expect, test } from 'vitest'
import { newKey } from './access/key.ts'
import { withoutSecrets } from './without-secrets.ts'

test.each([
  ['a key', '', ''],
  ['two keys', `${newKey().text} `, ''],
  ['a path with a key', '/logs/', '?a'],
  ['a key behind a letter', 'x', ''],
])('of %s the id alone is shown', (_what, before, after) => {
  const { id, text } = newKey()
  for (const sent of [text, text.slice(0, -1), text.slice(0, 30)]) {
    const shown = withoutSecrets(before + sent + after)
    expect(shown).toContain(`als_${id}…${after}`)
    expect(shown).not.toContain(text.slice(16, 24))
  }
})

test('a key with a typing error in its id is not shown at all', () => {
  const { id, text } = newKey()
  for (const wrong of [text.replace(id, id.slice(1)), text.replace(id, `${id}x`), text.replace(`${id}_`, id)]) {
    expect(withoutSecrets(`/logs/${wrong}?a`)).toBe('/logs/als_…?a')
  }
})

test('other texts stay as they are', () => {
  const text = 'totals_2024_of_all.csv, als_, als_…, als_<id>_<secret>_<checksum>'
  expect(withoutSecrets(text)).toBe(text)
})
