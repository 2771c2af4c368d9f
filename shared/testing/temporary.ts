import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'activity-log-tests-'))

/** Before all tests: the folder for temporary files becomes one that goes with whatever they leave in it. */
export function setup(): void {
  process.env['TMPDIR'] = folder
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
