import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { answerOf } from '@activity-log/shared/testing/builders.ts'
import { aFolder, type Running, startLog, startProgram } from '@activity-log/shared/testing/processes.ts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { importCommand } from './import.ts'
import { runProgram } from './program.ts'

const presets = join(import.meta.dirname, '../../shared/testing/fixtures/presets')
const mark = '\ufeff'

let log: Running & { origin: string }
let folder: string
beforeAll(async () => {
  log = await startLog(aFolder())
  folder = aFolder()
}, 60_000)
afterAll(() => log[Symbol.asyncDispose]())

/** Runs the import as people do, in a process of its own. */
async function startImport(file: string, ...options: string[]) {
  await using program = startProgram('functions/cli/main.ts', {}, 'import', file, '--url', log.origin, ...options)
  return { code: await program.ended, output: program.output() }
}

/** Runs the import in this process, because the start of a process takes longer than most imports. */
async function runImport(...words: string[]) {
  let output = ''
  const keep = (text: string) => {
    output += `${text}\n`
  }
  using _log = vi.spyOn(console, 'log').mockImplementation(keep)
  using _error = vi.spyOn(console, 'error').mockImplementation(keep)
  return { code: await runProgram([importCommand], ['import', ...words], {}), output }
}
const importFile = (file: string, ...options: string[]) => runImport(file, '--url', log.origin, ...options)

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

async function stored(userId: string) {
  const { data } = await answerOf(await fetch(`${log.origin}/logs?limit=1000&order=asc&userId=${userId}`))
  return data
}
const actions = async (userId: string) => (await stored(userId)).map(({ action }) => action).toSorted()
const summary = (text: string) => expect.stringContaining(`${text}: ${log.origin}/logs\n`)

test('sends a file, names the lines that are rejected, and stores nothing twice when it runs again', async () => {
  const lines = [
    '{"userId":"again","action":"login"}',
    '',
    '{"userId":" ","action":"login"}',
    '{"action":',
    '{"id":"own","userId":"again","action":"logout"}',
    '{"id":null,"userId":"again","action":"null","metadata":{"id":null}}',
  ]
  const file = write('some.ndjson.GZ', gzipSync(lines.join('\n')))
  const first = await startImport(file)
  const rejected = '2 invalid (lines 3, 4), 0 dead letters'
  expect(first).toEqual({ code: 1, output: summary(`3 stored, 0 duplicates, 0 conflicts, ${rejected}`) })
  expect(first.output).toMatch(
    /These lines were rejected:\n {2}line 3: \/userId must not be empty\n {2}line 4: it is not/,
  )
  const second = await startImport(file)
  expect(second.output).toEqual(summary(`0 stored, 3 duplicates, 0 conflicts, ${rejected}`))
  expect(await actions('again')).toEqual(['login', 'logout', 'null'])
})

test('exits with 0 if every line is stored, and with 69 if query does not answer', async () => {
  const file = write('one.ndjson', '{"userId":"one","action":"login"}\n')
  const away = 'http://127.0.0.1:1'
  expect(await startImport(file, '--query-url', away)).toEqual({
    code: 69,
    output: `No activity log answers at ${away}. Start one with npm start, or name another with --query-url.\n`,
  })
  const all = '0 conflicts, 0 invalid, 0 dead letters'
  expect(await startImport(file)).toEqual({ code: 0, output: summary(`1 stored, 0 duplicates, ${all}`) })
  expect(await importFile(file)).toEqual({ code: 0, output: summary(`0 stored, 1 duplicate, ${all}`) })
})

test('counts conflicts, with their lines', async () => {
  const line = (action: string) => `{"id":"conflict","userId":"conflict","action":"${action}"}`
  const file = write('conflicts.ndjson', ['first', 'second', 'third'].map(line).join('\n'))
  const { code, output } = await importFile(file)
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^1 stored, 0 duplicates, 2 conflicts \(lines \d, \d\), 0 invalid/),
  ])
  expect(await stored('conflict')).toHaveLength(1)
})

describe('reads bytes as they are', () => {
  test('text that is not UTF-8 is rejected, and the other lines are stored', async () => {
    const file = write(
      'latin1.ndjson',
      Buffer.from('{"userId":"caf\xe9","action":"x"}\n{"userId":"utf8","action":"x"}\n', 'latin1'),
    )
    const { code, output } = await importFile(file)
    expect([code, output]).toEqual([
      1,
      summary('1 stored, 0 duplicates, 0 conflicts, 1 invalid (line 1), 0 dead letters'),
    ])
    expect(output).toContain('line 1: it is not valid UTF-8\n')
    expect(await stored('caf%EF%BF%BD')).toEqual([])
  })

  test('a byte order mark is skipped before any line, and stores nothing twice', async () => {
    const line = (action: string) => `${mark}{"userId":"marked","action":"${action}"}\n`
    const joined = Buffer.concat([gzipSync(line('one') + line('two')), gzipSync(line('three'))])
    const file = write('marked.ndjson.gz', joined)
    for (let time = 0; time < 2; time++) expect((await importFile(file)).code).toBe(0)
    expect(await actions('marked')).toEqual(['one', 'three', 'two'])
  })

  test('U+2028 and U+2029 do not end a line, and CRLF does', async () => {
    const text = 'a\u2028b\u2029c'
    const line = `{"userId":"separators","action":"x","metadata":{"text":"${text}"}}\r\n`
    expect((await importFile(write('separators.ndjson', line))).code).toBe(0)
    expect((await stored('separators')).map(({ metadata }) => metadata)).toEqual([{ text }])
  })

  test('a line that is too long is named, and what follows is sent', async () => {
    const long = `{"userId":"long","action":"x","metadata":{"x":"${'x'.repeat(5 * 1024 * 1024)}"}}`
    const { code, output } = await importFile(write('long.ndjson', `${long}\n{"userId":"long","action":"next"}`))
    expect([code, output]).toEqual([1, expect.stringContaining('line 1: is larger than 262144 bytes')])
    expect(await actions('long')).toEqual(['next'])
  })
})

describe('ids of lines without one', () => {
  const line = '{"userId":"USER","action":"x"}\n'

  test('do not depend on the folder or on .gz, but on the name of the file, or --source', async () => {
    mkdirSync(join(folder, 'other'), { recursive: true })
    const content = line.replace('USER', 'names')
    const files = [
      write('names.ndjson', content),
      write('other/names.ndjson', content),
      write('names.ndjson.gz', gzipSync(content)),
    ]
    for (const file of files) expect((await importFile(file)).code).toBe(0)
    expect(await stored('names')).toHaveLength(1)
    const renamed = write('renamed.ndjson', content)
    expect((await importFile(renamed, '--source', 'names.ndjson')).output).toContain('1 duplicate,')
    expect((await importFile(renamed)).output).toContain('1 stored')
    expect(await stored('names')).toHaveLength(2)
  })

  test('differ for the same line at another place', async () => {
    const file = write('twice.ndjson', line.replace('USER', 'twice').repeat(2))
    expect((await importFile(file)).code).toBe(0)
    expect(await stored('twice')).toHaveLength(2)
  })
})

describe('arrays', () => {
  test('one JSON array is read item by item', async () => {
    const array = `[\n{"userId":"array",\n "action":"one"},{"userId":" "},{"userId":"array",,},\n{"userId":"array","action":"two"}]`
    const { code, output } = await importFile(write('array.json', `${mark}${array}`))
    expect([code, output]).toEqual([
      1,
      summary('2 stored, 0 duplicates, 0 conflicts, 2 invalid (items 2, 3), 0 dead letters'),
    ])
    expect(await actions('array')).toEqual(['one', 'two'])
    expect(output).toContain('item 3: is not valid JSON')
  })

  test('--items names the array of an object, also in gzip and below other names', async () => {
    const object = { version: 1, a: { rows: [{ userId: 'object', action: 'x' }] } }
    const file = write('object.json.gz', gzipSync(JSON.stringify(object, null, 2)))
    expect((await importFile(file, '--items', 'a.rows')).code).toBe(0)
    expect(await actions('object')).toEqual(['x'])
    expect(await importFile(file, '--items', 'b')).toEqual({
      code: 1,
      output: expect.stringContaining(`${file} has no array at b.`),
    })
  })
})

test.each([
  ['cloudtrail', 'cloudtrail.json', 'autoscaling.amazonaws.com', 2],
  ['github', 'github.ndjson', 'octocat', 2],
  ['okta', 'okta.json', 'ada%40example.com', 1],
  ['microsoft365', 'microsoft365.json', 'ada%40contoso.example', 1],
  ['kubernetes-audit', 'kubernetes-audit.ndjson', 'ada%40example.com', 2],
])('takes a file of %s', async (format, name, userId, count) => {
  const result = await importFile(join(presets, name), '--format', format)
  expect(result).toEqual({
    code: 0,
    output: summary(`${count} stored, 0 duplicates, 0 conflicts, 0 invalid, 0 dead letters`),
  })
  expect((await stored(userId)).length).toBeGreaterThan(0)
})

test('takes the options of a mapping, and says what is wrong with them', async () => {
  const file = write(
    'mapped.ndjson',
    '{"uid":"mapped","action":"x","ts":1705312800,"level":30}\n{"uid":"mapped","action":"x","ts":"x"}\n',
  )
  const options = ['--user', 'uid', '--time', 'ts', '--time-format', 'epoch-s', '--members', 'metadata']
  const { code, output } = await importFile(file, ...options)
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/1 stored.*1 invalid \(line 2\)[\s\S]*line 2: \/ts must be the time since 1970/),
  ])
  expect(await stored('mapped')).toMatchObject([{ timestamp: '2024-01-15T10:00:00Z', metadata: { level: 30 } }])
  expect(await importFile(file, '--zone', 'UTC')).toEqual({
    code: 1,
    output: '--zone applies only with time-format=loose\n',
  })
  for (const [option, value] of [
    ['--format', 'syslog'],
    ['--user', 'a..b'],
    ['--zone', 'Mars'],
  ] as const) {
    expect([option, (await startImport(file, option, value)).code]).toEqual([option, 64])
  }
})

describe('says in one sentence what else a file is:', () => {
  const text = '{"userId":"else","action":"x"}\n'
  test.each<[string, string, () => Uint8Array, RegExp]>([
    ['UTF-16', 'utf16.ndjson', () => Buffer.from(mark + text, 'utf16le'), /is UTF-16; convert it first: iconv/],
    ['UTF-16 without a mark', 'utf16.txt', () => Buffer.from(text, 'utf16le'), /is UTF-16/],
    ['a false .gz', 'false.GZ', () => Buffer.from(text), /is named \.gz, but it is not gzip/],
    ['a damaged .gz', 'damaged.gz', () => Buffer.concat([gzipSync(text), Buffer.from('x'.repeat(99))]), /is damaged/],
    ['a zip archive', 'some.zip', () => Buffer.from('PK\x03\x04xxxx'), /is a zip archive; unpack it/],
    ['UTF-32', 'utf32.txt', () => Buffer.from('fffe00007b000000', 'hex'), /is UTF-32; convert it first/],
    ['a program', 'elf', () => Buffer.from('\x7fELF\x02\x01\0\0\n'), /is no text file/],
    ['an object over several lines', 'one.json', () => Buffer.from('{\n "Records": []\n}'), /--items NAME/],
    [
      'an array with text behind it',
      'behind.json',
      () => Buffer.from('[] {"userId":"x"} x'),
      /text outside of its JSON/,
    ],
    ['an array that ends with a comma', 'comma.json', () => Buffer.from('[ , ]'), /2 invalid \(items 1, 2\)/],
    [
      'an array that is cut',
      'cut.json',
      () => Buffer.from('[{"userId":"cut","action":"x"},{'),
      /ends in the middle of its JSON/,
    ],
  ])('%s', async (_what, name, content, message) => {
    const file = write(name, content())
    const { code, output } = await importFile(file)
    expect([code, output]).toEqual([1, expect.stringMatching(message)])
    expect(output).not.toMatch(/\bat .*\.ts/)
  })

  test('a folder', async () => {
    expect(await importFile(folder)).toEqual({ code: 1, output: `${folder} is a folder; name a file in it.\n` })
  })

  test.each([
    ['ends early', (whole: Buffer) => whole.subarray(0, -4), 'is gzip that ends early'],
    ['is cut in its middle', (whole: Buffer) => whole.subarray(0, -300), 'is gzip that ends early'],
  ])('a small .gz that %s, after the lines before are sent', async (_what, cut, message) => {
    const userId = `small-${message.length}-${cut(Buffer.alloc(1000)).length}`
    const lines = Array.from({ length: 20 }, () => `{"userId":"${userId}","action":"${crypto.randomUUID()}"}`)
    const file = write(`${userId}.gz`, cut(gzipSync(lines.join('\n'))))
    const { code, output } = await importFile(file)
    expect([code, output]).toEqual([1, expect.stringContaining(message)])
    expect(output).toMatch(/^[1-9]\d? stored/)
    expect((await stored(userId)).length).toBeGreaterThan(3)
  })

  test('a .gz that ends early, after what came before is sent', async () => {
    const lines = Array.from(
      { length: 1200 },
      (_, n) => `{"userId":"early","action":"a${n}","metadata":{"n":${Math.sin(n)}}}`,
    )
    const whole = gzipSync(lines.join('\n'))
    const file = write('early.gz', whole.subarray(0, -100))
    const { code, output } = await importFile(file)
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(
        /^1,1\d\d stored, .*[\s\S]*early\.gz is gzip that ends early; what could be read before that was sent\.\n$/,
      ),
    ])
    write('early.gz', whole)
    expect((await importFile(file)).code).toBe(0)
    const { total } = await answerOf(await fetch(`${log.origin}/logs?userId=early&count=exact`))
    expect(total).toBe(1200)
  })
})

test.each<[string, (file: string) => void, string[]]>([
  ['grows', (file) => appendFileSync(file, '{"userId":"grows","action":"two"}\n'), ['one', 'two']],
  ['shrinks', (file) => truncateSync(file, 10), ['one']],
])('a file that %s while it is read is told of, and can be sent again', async (userId, change, expected) => {
  const file = write(`${userId}.ndjson`, `{"userId":"${userId}","action":"one"}\n`)
  let changed = false
  // the file changes while the first request is on its way
  const proxy = createServer(async (request, response) => {
    if (request.method === 'POST' && !changed) {
      changed = true
      change(file)
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = request.method === 'POST' ? { body: Buffer.concat(chunks) } : {}
    const type = { 'content-type': request.headers['content-type'] ?? '' }
    const answer = await fetch(log.origin + request.url, { method: request.method ?? '', headers: type, ...body })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>((resolve) => proxy.listen(0, resolve))
  const address = proxy.address()
  const url = `http://localhost:${typeof address === 'object' ? address?.port : ''}`
  const { code, output } = await runImport(file, '--url', url)
  expect([code, output]).toEqual([1, expect.stringContaining('changed while it was read')])
  expect((await runImport(file, '--url', url)).code).toBe(userId === 'grows' ? 0 : 1)
  expect(await actions(userId)).toEqual(expected)
  proxy.close()
})
