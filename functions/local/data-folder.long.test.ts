import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { anActivity, answerOf, post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog, startProgram } from '@activity-log/shared/testing/processes.ts'
import { describe, expect, test } from 'vitest'
import { openDataFolder } from './data-folder.ts'
import { openEmbedded } from './embedded-log.ts'

const modeOf = (...path: string[]) => (statSync(join(...path)).mode & 0o777).toString(8)

/** Opens the log, sends activities, waits until they are stored, and closes it. */
async function fill(folder: string, ids: readonly string[]) {
  await using log = await openEmbedded({ folder, log: silent })
  const response = await log.fetch(new Request('http://localhost/logs', post(ids.map((id) => anActivity({ id })))))
  for (const { receipt } of (await answerOf(response)).results)
    await log.fetch(new Request(`http://localhost/receipts/${receipt}?wait=30`))
}

async function aLog(...ids: string[]): Promise<string> {
  const folder = aFolder()
  await fill(folder, ids)
  return folder
}

/** Runs npm start, and returns its output and its exit code. */
async function start(folder: string): Promise<{ code: number | string; output: string }> {
  await using program = startProgram('functions/local/main.ts', { DATA_DIR: folder, PORT: '0' })
  const code = await program.ended
  return { code, output: program.output() }
}

const remove = (folder: string, name: string) => {
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, name + end), { force: true })
}

describe('a data folder', () => {
  test('is for its owner alone, whatever the umask, while the log runs', async () => {
    const before = process.umask(0)
    try {
      const folder = join(aFolder(), 'new', 'data')
      await using log = await openEmbedded({ folder, log: silent })
      await log.fetch(new Request('http://localhost/logs', post(anActivity())))
      expect([modeOf(folder), modeOf(folder, '..')]).toEqual(['700', '700'])
      const names = readdirSync(folder).toSorted()
      expect(names).toEqual(expect.arrayContaining(['lock.db', 'queue.db', 'queue.db-wal', 'store.db', 'store.db-shm']))
      expect(names.map((name) => [name, modeOf(folder, name)])).toEqual(names.map((name) => [name, '600']))
    } finally {
      process.umask(before)
    }
  })

  test('that others could read becomes private', async () => {
    const folder = await aLog('a')
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644)
    chmodSync(folder, 0o755)
    await using _log = await openEmbedded({ folder, log: silent })
    expect([modeOf(folder), modeOf(folder, 'store.db'), modeOf(folder, 'queue.db')]).toEqual(['700', '600', '600'])
  })

  test('that holds other things keeps its permissions, and only its own files are private', async () => {
    const folder = aFolder()
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, 'other'), '')
    chmodSync(join(folder, 'other'), 0o644)
    await using _log = await openEmbedded({ folder, log: silent })
    expect([modeOf(folder), modeOf(folder, 'other'), modeOf(folder, 'store.db')]).toEqual(['755', '644', '600'])
  })

  test('is opened once, even if its lock is deleted', async () => {
    const folder = await aLog('a')
    await using log = await startLog(folder)
    rmSync(join(folder, 'lock.db'))
    const second = await start(folder)
    expect(second).toEqual({ code: 1, output: expect.stringMatching(/^Another activity log uses the folder .*\n$/) })
    expect((await fetch(`${log.origin}/logs`, post(anActivity({ id: 'b' })))).status).toBe(202)
    await until(async () => (await answerOf(await fetch(`${log.origin}/logs`))).total === 2)
  })

  test('carries one id in both files, and keeps it', async () => {
    const folder = await aLog('a')
    const ids = () => ['queue.db', 'store.db'].map((name) => idIn(join(folder, name)))
    const [first, second] = ids()
    expect(first).toMatch(/^[\da-f-]{36}$/)
    expect(second).toBe(first)
    await fill(folder, ['b'])
    expect(ids()).toEqual([first, first])
  })

  test('of an earlier version gets an id, also after a crash in between', async () => {
    const folder = await aLog('a')
    for (const name of ['queue.db', 'store.db']) change(join(folder, name), 'DROP TABLE dataFolder')
    await fill(folder, ['b'])
    expect(idIn(join(folder, 'queue.db'))).toBe(idIn(join(folder, 'store.db')))
    change(join(folder, 'store.db'), 'DROP TABLE dataFolder')
    change(join(folder, 'queue.db'), 'UPDATE dataFolder SET isShared = 0')
    await fill(folder, ['c'])
    expect(idIn(join(folder, 'queue.db'))).toBe(idIn(join(folder, 'store.db')))
  })

  test('that was created in part is completed', async () => {
    const folder = aFolder()
    {
      await using _log = await openEmbedded({ folder, log: silent })
    }
    remove(folder, 'store.db')
    await fill(folder, ['a'])
    const other = aFolder()
    writeFileSync(join(other, 'queue.db'), '')
    await fill(other, ['a'])
  })
})

describe('npm start ends with 65 and one sentence', () => {
  const rejects = async (folder: string, sentence: RegExp) => {
    const { code, output } = await start(folder)
    expect(output).toMatch(sentence)
    expect(output.trim().split('\n')).toHaveLength(1)
    expect(output).toContain('DATA_DIR=')
    expect(code).toBe(65)
  }

  test.each(['', 'empty'])('if the store is missing %s', async (how) => {
    const folder = await aLog('a')
    remove(folder, 'store.db')
    if (how) writeFileSync(join(folder, 'store.db'), '')
    for (let time = 0; time < 2; time++) await rejects(folder, /store\.db is missing or empty/)
  })

  test.each(['', 'empty'])('if the queue is missing %s', async (how) => {
    const folder = await aLog('a')
    remove(folder, 'queue.db')
    if (how) writeFileSync(join(folder, 'queue.db'), '')
    for (let time = 0; time < 2; time++) await rejects(folder, /queue\.db is missing or empty/)
  })

  test.each(['queue.db', 'store.db'])('if %s is that of another log', async (name) => {
    const [folder, other] = [await aLog('a'), await aLog('b')]
    remove(folder, name)
    copyFileSync(join(other, name), join(folder, name))
    await rejects(folder, /belong to different logs/)
  })

  test('if the files are swapped', async () => {
    const folder = await aLog('a')
    copyFileSync(join(folder, 'queue.db'), join(folder, 'other'))
    copyFileSync(join(folder, 'store.db'), join(folder, 'queue.db'))
    copyFileSync(join(folder, 'other'), join(folder, 'store.db'))
    await rejects(folder, /queue\.db is not the queue of an activity log/)
  })

  test('if the queue is older than the store', async () => {
    const name = 'queue.db'
    const folder = await aLog('a')
    const copy = join(aFolder(), 'copy')
    cpSync(folder, copy, { recursive: true })
    await fill(folder, ['b', 'c'])
    remove(folder, name)
    copyFileSync(join(copy, name), join(folder, name))
    await rejects(folder, /so the queue is older/)
  })

  test.each(['queue.db', 'store.db'])('if %s is no database, or another one', async (name) => {
    const folder = await aLog('a')
    writeFileSync(join(folder, name), 'not a database'.repeat(1000))
    await rejects(folder, /is damaged \(file is not a database\)/)
    remove(folder, name)
    change(join(folder, name), 'CREATE TABLE songs (title TEXT)')
    await rejects(folder, /is not the (queue|store) of an activity log/)
  })
})

test('says so if it cannot use the folder', async () => {
  const folder = join(aFolder(), 'file')
  writeFileSync(folder, '')
  expect(() => openDataFolder(folder)).toThrow('Choose another one with DATA_DIR')
  const lock = aFolder()
  mkdirSync(join(lock, 'lock.db'))
  expect(() => openDataFolder(lock)).toThrow('DATA_DIR')
  const queue = aFolder()
  mkdirSync(join(queue, 'queue.db'))
  expect(() => openDataFolder(queue)).toThrow(/Cannot use the database .*queue\.db/)
  expect(existsSync(join(queue, 'store.db'))).toBe(false)
})

function change(path: string, sql: string) {
  using db = new DatabaseSync(path)
  db.exec(sql)
}

function idIn(path: string): unknown {
  using db = new DatabaseSync(path, { readOnly: true })
  return db.prepare('SELECT id FROM dataFolder').get()?.['id']
}
