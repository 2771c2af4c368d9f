import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { answerOf } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog, startProgram } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

async function runImport(...words: string[]) {
  await using program = startProgram('functions/cli/main.ts', {}, 'import', ...words)
  return { code: await program.ended, output: program.output() }
}

test('sends a file, names the lines that the log rejected, and stores nothing twice when it runs again', async () => {
  const folder = aFolder()
  await using log = await startLog(folder)
  const file = join(folder, 'some.ndjson.gz')
  const lines = [
    '{"userId":"ada","action":"login"}',
    '',
    '{"userId":" ","action":"login"}',
    '{"action":',
    '{"id":"own","userId":"ada","action":"logout"}',
  ]
  writeFileSync(file, gzipSync(lines.join('\n')))
  for (let time = 0; time < 2; time++) {
    const { code, output } = await runImport(file, '--url', log.origin)
    expect(code).toBe(1)
    expect(output).toMatch(
      /^2 activities accepted; waiting until they are found\n2 activities are in the log: http.*\/logs\n/,
    )
    expect(output).toMatch(/2 lines were rejected:\n {2}line 3: \/userId .*\n {2}line 4: /)
  }
  const { total, data } = await answerOf(await fetch(`${log.origin}/logs?count=exact`))
  expect([total, data.map(({ id }) => id)]).toEqual([2, expect.arrayContaining(['own'])])
})

test('exits with 0 if every line was accepted, and with 69 if query does not answer', async () => {
  const folder = aFolder()
  await using log = await startLog(folder)
  const file = join(folder, 'some.ndjson')
  writeFileSync(file, '{"userId":"ada","action":"login"}\n')
  const away = 'http://127.0.0.1:1'
  expect(await runImport(file, '--url', log.origin, '--query-url', away)).toEqual({
    code: 69,
    output: `No activity log answers at ${away}. Start one with npm start, or name another with --query-url.\n`,
  })
  expect((await runImport(file, '--url', log.origin)).code).toBe(0)
})
