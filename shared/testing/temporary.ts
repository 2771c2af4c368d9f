import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'activity-log-tests-'))

/** Runs before all tests: they create their folders inside one that is removed at the end. */
export function setup(): void {
  process.env['TEST_FOLDER'] = folder
  // threads and programs start in half the time with a cache of the compiled code
  process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled')
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
