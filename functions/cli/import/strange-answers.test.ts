import { writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test, vi } from 'vitest'
import { importCommand } from '../import.ts'
import { runProgram } from '../program.ts'
import { openFile } from './open-file.ts'

const lines = 1_500

/** Imports a file into a server that answers as it likes. */
async function importInto(answer: (response: ServerResponse, path: string, lines: number) => void) {
  const file = join(aFolder(), 'lines.ndjson')
  writeFileSync(file, '{"userId":"u","action":"a"}\n'.repeat(lines))
  await using server = createServer(async (request, response) => {
    const body: Buffer[] = []
    for await (const chunk of request) body.push(chunk)
    const sent = Buffer.concat(body).toString()
    const count = request.url === '/logs/batch' ? sent.split('\n').length - 1 : sent.split('","').length
    answer(response, `${request.url}`, count)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  const url = `http://localhost:${typeof address === 'object' ? address?.port : ''}`
  let output = ''
  const keep = (text: string) => {
    output += `${text}\n`
  }
  using _log = vi.spyOn(console, 'log').mockImplementation(keep)
  using _error = vi.spyOn(console, 'error').mockImplementation(keep)
  return { code: await runProgram([importCommand], ['import', file, '--url', url], {}), output }
}
const json = (response: ServerResponse, body: unknown) => response.end(JSON.stringify(body))
const resultsOf = (count: number, result: object) => ({
  results: Array.from({ length: count }, (_, index) => ({ index, ...result })),
})

test.each<[string, unknown]>([
  ['no results', {}],
  ['results of no line', { results: [] }],
  ['results that are no list', { results: 5 }],
  ['results of fewer lines', resultsOf(2, { status: 'accepted', receipt: 'r' })],
  ['results of other lines', { results: resultsOf(1_500, { status: 'accepted' }).results.toReversed() }],
  ['an unknown status', resultsOf(1_000, { status: 'done' })],
  ['nothing', null],
])('a server that answers with %s is no log, and no line counts as stored', async (_what, answer) => {
  const { code, output } = await importInto((response) => json(response, answer))
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^0 stored, .*\nWhat answers at .* is no activity log\.\n$/s),
  ])
})

test.each<[string, unknown]>([
  ['results that are no list', { results: 7 }],
  ['results of fewer records', { results: [{ status: 'stored' }] }],
])('nor is one that tells outcomes with %s', async (_what, answer) => {
  const { code, output } = await importInto((response, path, count) =>
    json(response, path === '/logs/batch' ? resultsOf(count, { status: 'accepted', receipt: 'r' }) : answer),
  )
  expect([code, output]).toEqual([1, expect.stringContaining('is no activity log.')])
})

test('an answer that breaks off is asked for again, whatever its status', async () => {
  let answers = 0
  const { code, output } = await importInto((response, path, count) => {
    if (path === '/logs/batch' && answers++ === 0) {
      response.writeHead(202, { 'content-length': 1_000 }).write('{"results":[', () => response.destroy())
      return
    }
    json(
      response,
      resultsOf(count, path === '/logs/batch' ? { status: 'accepted', receipt: 'r' } : { status: 'stored' }),
    )
  })
  expect([code, output]).toEqual([0, expect.stringMatching(/^The log is not available; retrying\n1,500 stored/)])
})

test.each([200, 400])('a server whose answers never end is no log, and little of them is kept: %d', async (status) => {
  let written = 0
  const { code, output } = await importInto((response, path) => {
    response.writeHead(path === '/healthz' ? 200 : status)
    if (path === '/healthz') return void response.end()
    const piece = Buffer.alloc(1024 * 1024, ' ')
    const goOn = () => {
      while (!response.destroyed && response.write(piece)) written++
      if (written < 1000) response.once('drain', goOn)
      else response.end()
      written++
    }
    goOn()
  })
  expect([code, output]).toEqual([1, expect.stringMatching(/^0 stored, .*(?:no activity log|rejected)/s)])
  expect(written).toBeLessThan(200)
})

test('a log that is not available for a while is waited for, and the import says so once', async () => {
  let answers = 0
  const { code, output } = await importInto((response, path, count) => {
    if (path !== '/healthz' && answers++ < 5) response.writeHead(503).end()
    else
      json(
        response,
        resultsOf(count, path === '/logs/batch' ? { status: 'accepted', receipt: 'r' } : { status: 'stored' }),
      )
  })
  expect([code, output]).toEqual([0, expect.stringMatching(/^The log is not available; retrying\n1,500 stored/)])
})

test('the reasons of lines that are rejected name no lines of the request', async () => {
  const errors = [{ pointer: '/0', detail: 'is not valid JSON at line 400, column 7 (line 400)' }]
  const { output } = await importInto((response, _path, count) =>
    json(response, resultsOf(count, { status: 'invalid', errors })),
  )
  expect(output).toContain('  line 1: it is not valid JSON at column 7\n')
})

test('a terminal obeys nothing in the answers of a log, which may repeat the file', async () => {
  const hostile = 'a\u001b]0;title\u0007\u009b2J\u202e'
  const { output } = await importInto((response, _path, count) =>
    json(
      response,
      resultsOf(count, { status: 'invalid', errors: [{ pointer: `/${hostile}`, detail: 'is not known' }] }),
    ),
  )
  expect(output).toContain('  line 1: /a\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{202e} is not known\n')
  const problem = await importInto((response, path) => {
    response.writeHead(path === '/healthz' ? 200 : 400, { 'content-type': 'application/problem+json' })
    json(response, { status: 400, title: hostile, detail: hostile })
  })
  expect(output + problem.output).not.toMatch(/[\p{Cf}]|(?!\n)\p{Cc}/u)
})

test('a file that cannot be read is named', async () => {
  await expect(openFile('/proc/self/mem/none')).rejects.toThrow(/^\/proc\/self\/mem\/none cannot be read \(/)
})
