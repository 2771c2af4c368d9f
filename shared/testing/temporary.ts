import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'activity-log-tests-'))

/** Before all tests: the folders that they make are in one that goes when they are over. */
export function setup(): void {
  process.env['TEST_FOLDER'] = folder
  // threads and programs start in half the time when our code is kept as it was compiled
  process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled')
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
