import { describe, expect, test } from 'vitest'
import { type Kind, textsOf } from './source-texts.ts'

const texts = (kind: Kind, file: string, ...lines: string[]) =>
  textsOf(kind, file, lines.join('\n')).map(({ line, text }) => `${line} ${text}`)

describe('comments', () => {
  test('are found with the line on which they begin, and neighboring lines are one text', () => {
    const source = [
      '/**',
      ' * Sends it,',
      ' * and waits.',
      ' */',
      'send() // at the end',
      '',
      '  // two lines',
      '  // of it',
    ]
    expect(texts('comments', 'shared/a.ts', ...source)).toEqual([
      '1 Sends it, and waits.',
      '5 at the end',
      '7 two lines of it',
    ])
  })

  test('are not found in strings, templates and regular expressions', () => {
    const source = ["const a = 'https://b'", `const c = \`/* \${d} // */\``, 'const e = [/\\/\\/"/, 1 / 2] // yes']
    expect(texts('comments', 'shared/a.ts', ...source)).toEqual(['3 yes'])
  })

  test('of manifests and scripts are found', () => {
    const source = ['#!/bin/sh', '# The first,', '# and more', 'name: x # its name', 'color: "#fff"']
    expect(texts('comments', 'knative/a.yaml', ...source)).toEqual(['2 The first, and more', '4 its name'])
  })
})

test('titles are those of tests and groups, and the names of rows in a table', () => {
  const source = [
    "describe('a group', () => {",
    '  test.each<[string, string[], number]>([',
    "    ['an empty list', ['no title'], 1],",
    "  ])('counts %s', async () => {})",
    `  test(\`takes \${n} of them\`, () => expect('no title')) `,
    '})',
  ]
  expect(texts('titles', 'shared/a.test.ts', ...source)).toEqual([
    '1 a group',
    '3 an empty list',
    '4 counts %s',
    '5 takes … of them',
  ])
  expect(texts('titles', 'shared/a.ts', ...source)).toEqual([])
})

test('messages are the sentences in errors, problems, log lines and details', () => {
  const source = [
    `throw new Problem('not-found', 'There is nothing.', { detail: known ? \`Ask \${who} first.\` : '' })`,
    "log.warn({ err }, 'cannot connect')",
    "const detail = 'must be text'",
    "const other = 'a value with blanks'",
    "console.log('word')",
  ]
  expect(texts('messages', 'shared/a.ts', ...source)).toEqual([
    '1 There is nothing.',
    '1 Ask … first.',
    '2 cannot connect',
    '3 must be text',
  ])
  expect(texts('messages', 'shared/a.test.ts', ...source)).toEqual([])
})

test('labels are the texts and spoken names in the markup of the viewer, in nested templates too', () => {
  const source = [
    `html\`<a class="x y" title="Go back" href="\${href(\`/a\`)}">Back to \${name}</a>\${`,
    "  more ? html`<b>More</b>` : ''",
    '}`',
    "h('button', { class: 'soft wide' }, 'Copy the link')",
  ]
  expect(texts('labels', 'functions/query/viewer/a.ts', ...source)).toEqual([
    '1 Go back',
    '1 Back to …',
    '2 More',
    '4 Copy the link',
  ])
  expect(texts('labels', 'functions/query/a.ts', ...source)).toEqual([])
})
