import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { aFolder, startCommand, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { residentMebibytes } from '../bench/bench-report.ts'
import { freePorts } from '../production.ts'
import type { Fault } from './fault.ts'
import { hostileClient } from './hostile-clients.ts'
import { misbehavingClient } from './misbehaving-clients.ts'
import { startProxy } from './proxy.ts'
import type { Setup } from './real.ts'
import { type System, supervise } from './system.ts'

/**
 * Starts the whole log in one process, with a proxy between it and its clients, and on a small disk of its own if the
 * scenario needs one.
 */
export async function startEmbedded({
  crashes,
  mutant,
  diskMebibytes,
  hasGateway = false,
  maxOldSpaceMebibytes,
  maxGrowth,
}: Setup & { mutant?: string | undefined }): Promise<System> {
  await using opened = new AsyncDisposableStack()
  const folder = aFolder()
  opened.defer(() => rmSync(folder, { recursive: true, force: true }))
  if (diskMebibytes) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMebibytes}m`, 'tmpfs', folder])
    opened.defer(() => void execFileSync('umount', ['-l', folder]))
  }
  const [port = 0, gatewayPort = 0] = await freePorts(2)
  const publicPort = hasGateway ? gatewayPort : port
  const proxy = opened.use(await startProxy({ upstreams: [{ port: publicPort }] }))
  const [, ...usual] = packageJson.scripts.start.split(' ')
  const args = usual.map((arg) =>
    maxOldSpaceMebibytes && arg.startsWith('--max-old-space-size')
      ? `--max-old-space-size=${maxOldSpaceMebibytes}`
      : arg,
  )
  const programs = opened.use(
    supervise({
      run: (_part, env) =>
        startCommand(process.execPath, args, { PORT: `${port}`, DATA_DIR: join(folder, 'data'), ...env }),
      isUp: () => /http:\/\/localhost:\d+\/logs/,
      crashes,
      mutant,
    }),
  )
  await programs.start('log')
  if (hasGateway) {
    const origin = `http://127.0.0.1:${port}`
    const urls = { INGEST_URL: origin, PERSIST_URL: origin, QUERY_URL: origin }
    const gateway = startProgram('functions/local/gateway.ts', { PORT: `${gatewayPort}`, ...urls })
    opened.use(gateway)
    await written(gateway, /listening/)
  }

  const ballast = join(folder, 'ballast')
  function fill(full: boolean) {
    rmSync(ballast, { force: true })
    if (!full) return
    const { bavail, bsize } = statfsSync(folder)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize))
  }

  async function suffer(fault: Fault) {
    switch (fault.do) {
      case 'signal':
        return programs.signal(fault.part, fault.signal)
      case 'toxic':
        return proxy.set(fault.toxic)
      case 'disk':
        return fill(fault.full)
      case 'client':
        return misbehavingClient(proxy.port, fault.what)
      case 'hostile':
        return growingAtMost(maxGrowth, () => hostileClient(publicPort, fault.what))
      default:
        throw new Error(`The log in one process has no ${fault.do}`)
    }
  }

  /** Rejects if the log used more memory during the work than a multiple of before, or was started again. */
  async function growingAtMost(max: number | undefined, work: () => Promise<void>) {
    const pid = programs.pid('log')
    const before = residentMebibytes(pid)
    let peak = before
    const sampling = setInterval(() => {
      peak = Math.max(peak, residentMebibytes(pid))
    }, 50)
    await work().finally(() => clearInterval(sampling))
    if (programs.pid('log') !== pid) throw new Error('The log ended during the attack')
    if (max !== undefined && !(peak < max * before)) throw new Error(`The log grew from ${before} to ${peak} MiB`)
  }

  function queue<Result>(ask: (db: DatabaseSync) => Result): Result {
    using db = new DatabaseSync(join(folder, 'data', 'queue.db'), { readOnly: true })
    return ask(db)
  }

  return Object.assign(opened.move(), {
    ingest: `http://127.0.0.1:${proxy.port}`,
    query: `http://localhost:${publicPort}`,
    suffer,
    async heal() {
      if (diskMebibytes && existsSync(ballast)) fill(false)
      await proxy.set(undefined)
      await programs.allUp()
    },
    async ends() {
      // an offset is never given twice, so this also counts records that were deleted
      const last = queue((db) => db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'records'").get()?.['seq'])
      return new Map([[0, last === undefined ? 0 : Number(last) + 1]])
    },
    isDrained: async () => queue((db) => db.prepare('SELECT count(*) AS n FROM records').get()?.['n']) === 0,
    async completeLedger() {},
    keepOutput: programs.keepOutput,
  })
}
