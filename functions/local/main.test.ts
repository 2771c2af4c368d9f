import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { differencesIn } from '@activity-log/shared/store/sqlite-check.ts'
import { anActivity, answerOf, post, until } from '@activity-log/shared/testing/builders.ts'
import { freePort } from '@activity-log/shared/testing/path-proxies.ts'
import { aFolder, startCommand, startLog, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { describe, expect, test } from 'vitest'

const send = (origin: string, body: unknown) => fetch(`${origin}/logs`, post(body))
const total = async (origin: string) => (await answerOf(await fetch(`${origin}/logs?count=exact`))).total

describe('npm start', () => {
  test('prints its address and a curl command that works when pasted', async () => {
    await using log = await startLog(aFolder())
    const curl = await written(log, /^ *(curl -X POST .*)$/m)
    expect(execFileSync('sh', ['-c', `${curl} -s -o /dev/null -w '%{http_code}'`]).toString()).toBe('202')
    await until(async () => (await total(log.origin)) === 1)
  })

  test.each([
    'SIGTERM',
    'SIGINT',
  ] as const)('exits with 0 after %s, once the requests in flight have their answers', async (signal) => {
    await using log = await startLog(aFolder())
    const body = JSON.stringify(anActivity())
    const socket = connect(Number(new URL(log.origin).port), 'localhost')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    const headers = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
    socket.write(`POST /logs HTTP/1.1\r\n${headers}\r\n\r\n${body.slice(0, 5)}`)
    // once a request on another connection is answered, the server has seen the first one
    await total(log.origin)
    log.child.kill(signal)
    await written(log, /stopping/)
    socket.write(body.slice(5))
    expect(await log.ended).toBe(0)
    expect(answer).toMatch(/^HTTP\/1.1 202/)
  })

  test('says what to do if the folder or the port is in use', async () => {
    const folder = aFolder()
    await using log = await startLog(folder)
    const port = new URL(log.origin).port
    await using sameFolder = startProgram('functions/local/main.ts', { DATA_DIR: folder, PORT: '0' })
    expect(await sameFolder.ended).toBe(1)
    expect(sameFolder.output()).toMatch(/^Another activity log uses the folder .*DATA_DIR=.*\n$/)
    await using samePort = startProgram('functions/local/main.ts', { DATA_DIR: aFolder(), PORT: port })
    expect(await samePort.ended).toBe(1)
    expect(samePort.output()).toMatch(/^Port \d+ is in use.*PORT=\d+\n$/)
  })

  test.skipIf(!existsSync('/dev/full'))('answers while its log cannot be written, as on a full disk', async () => {
    const origin = `http://localhost:${await freePort()}`
    const env = { DATA_DIR: aFolder(), PORT: new URL(origin).port }
    const { execPath } = process
    await using log = startCommand('sh', ['-c', `exec '${execPath}' functions/local/main.ts > /dev/full`], env)
    const isUp = () => fetch(`${origin}/healthz`).then(({ ok }) => ok)
    await until(() => isUp().catch(() => false))
    for (const userId of ['one', 'two'])
      expect((await send(origin, anActivity({ id: 'taken', userId }))).status).toBe(202)
    // the dead letter has made a line by then
    await until(async () => (await answerOf(await fetch(`${origin}/dead-letters`))).data.length === 1)
    expect(await isUp()).toBe(true)
    log.child.kill('SIGTERM')
    expect(await log.ended).toBe(0)
  })

  test('names every mistake in its configuration and exits with 78', async () => {
    await using log = startProgram('functions/local/main.ts', { PORT: 'x', LOG_LEVEL: 'loud' })
    expect(await log.ended).toBe(78)
    expect(log.output()).toContain('PORT')
    expect(log.output()).toContain('LOG_LEVEL')
  })
})

describe('an acknowledged activity', () => {
  test('is found exactly once after six kill -9 at random moments, while a client keeps sending', {
    timeout: 60_000,
  }, async () => {
    const folder = aFolder()
    const all = Array.from({ length: 4000 }, (_, n) => anActivity({ id: `id-${n}`, metadata: { n } }))
    const batches = Array.from({ length: 80 }, (_, n) => all.slice(n * 50, (n + 1) * 50))
    const acknowledged = new Set<string>()
    let log = await startLog(folder)
    let next = 0
    for (let kill = 0; kill < 6; kill++) {
      const { child, origin } = log
      const killSoon = () => void setTimeout(() => child.kill('SIGKILL'), 20 + Math.random() * 150)
      // however slow the machine is, something is acknowledged before every other kill
      let waitsForAnswer = kill % 2 === 1
      if (!waitsForAnswer) killSoon()
      try {
        for (; ; next = (next + 1) % batches.length) {
          const response = await send(origin, batches[next])
          for (const { id, status } of (await answerOf(response)).results)
            if (status === 'accepted') acknowledged.add(id)
          if (waitsForAnswer) killSoon()
          waitsForAnswer = false
        }
      } catch {
        // the connection broke, so the outcome is unknown and the batch is sent again
      }
      await log.ended
      log = await startLog(folder)
    }
    await using last = log
    await until(async () => (await total(last.origin)) >= acknowledged.size)
    for (const batch of batches) expect((await send(last.origin, batch)).status).toBe(202)
    await until(async () => (await total(last.origin)) === all.length)
    const found: string[] = []
    for (let url: string | null = '/logs?limit=1000'; url; ) {
      const page = await answerOf(await fetch(last.origin + url))
      found.push(...page.data.map(({ id }) => id))
      url = page.next
    }
    expect(found.toSorted()).toEqual(all.map(({ id }) => id!).toSorted())
    expect(acknowledged.size).toBeGreaterThan(0)
    const { differences } = await differencesIn(join(folder, 'store.db'), () => {})
    expect(differences).toEqual([])
  })

  const has = (command: string) => {
    try {
      execFileSync('sh', ['-c', command], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
  const canMount = has('test "$(id -u)" = 0 && d=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs $d && umount $d')

  test.skipIf(!has('strace -D -e trace=none true'))('was synced to disk before its answer', async () => {
    const folder = aFolder()
    const trace = join(folder, 'trace')
    // with -D the traced program is our child, so that signals reach it
    const args = ['-D', '-f', '--seccomp-bpf', '-y', '-e', 'trace=fdatasync,fsync', '-o', trace]
    await using log = startCommand('strace', [...args, process.execPath, join(import.meta.dirname, 'main.ts')], {
      PORT: '0',
      DATA_DIR: folder,
    })
    const origin = await written(log, /(http:\/\/localhost:\d+)\/logs/)
    const requests = 20
    for (let n = 0; n < requests; n++) expect((await send(origin, anActivity({ id: `${n}` }))).status).toBe(202)
    log.child.kill('SIGTERM')
    const exited = new RegExp(`^${log.child.pid} +\\+\\+\\+ exited with 0`, 'm')
    await until(() => exited.test(readFileSync(trace, 'utf8')))
    const syncs = readFileSync(trace, 'utf8').match(/sync\(.*queue\.db-wal/g) ?? []
    expect(syncs.length).toBeGreaterThanOrEqual(requests)
  })

  test.skipIf(!canMount)(
    'survives a full disk: the log answers 503 while it is full and recovers when there is space',
    async () => {
      const folder = aFolder()
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder])
      try {
        await using log = await startLog(folder)
        expect((await send(log.origin, anActivity({ id: 'before' }))).status).toBe(202)
        await until(async () => (await total(log.origin)) === 1)
        try {
          writeFileSync(join(folder, 'filler'), Buffer.alloc(16 * 1024 * 1024))
        } catch {
          // the disk is full now
        }
        const metadata = { text: 'x'.repeat(30_000) }
        const statuses: number[] = []
        const accepted: string[] = []
        for (let n = 0; statuses.filter((status) => status === 503).length < 5 && n < 500; n++) {
          const { status } = await send(log.origin, anActivity({ id: `full-${n}`, metadata }))
          statuses.push(status)
          if (status === 202) accepted.push(`full-${n}`)
        }
        expect(statuses.filter((status) => status === 503)).toHaveLength(5)
        rmSync(join(folder, 'filler'))
        expect((await send(log.origin, anActivity({ id: 'after' }))).status).toBe(202)
        const expected = ['before', 'after', ...accepted]
        await until(async () => (await total(log.origin)) === expected.length)
        const { data } = await answerOf(await fetch(`${log.origin}/logs?limit=1000`))
        expect(data.map(({ id }) => id).toSorted()).toEqual(expected.toSorted())
        log.child.kill('SIGTERM')
        await log.ended
      } finally {
        execFileSync('umount', ['-l', folder])
      }
    },
  )

  test.skipIf(!canMount)(
    'says in one line that the disk is full, wherever that ends its start',
    {
      timeout: 60_000,
    },
    async () => {
      const folder = aFolder()
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
      try {
        for (const left of [0, 28, 40, 56]) {
          writeFileSync(join(folder, 'filler'), Buffer.alloc((1024 - left) * 1024))
          const data = join(folder, `data-${left}`)
          await using program = startProgram('functions/local/main.ts', { DATA_DIR: data, PORT: '0' })
          expect(await program.ended).toBe(1)
          expect(program.output()).toMatch(/^Cannot .* disk is full\b[^\n]*\n$/)
          expect(program.output()).not.toContain('Delete')
          rmSync(data, { recursive: true })
        }
      } finally {
        execFileSync('umount', ['-l', folder])
      }
    },
  )
})
