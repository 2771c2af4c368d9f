import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

test('every npm command of the README is there', () => {
  const named = [...readme.matchAll(/npm run ([\w:-]+)|npm (start|test|ci)\b/g)].map(
    ([, script, own]) => script ?? own ?? '',
  )
  const known = new Set([...Object.keys(packageJson.scripts), 'ci'])
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})
