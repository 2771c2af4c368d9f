import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import type { Redirect } from './exchange.ts'
import { type Exchange, exchangeAll } from './exchange.ts'
import { ways } from './request-ways.ts'
import { readKept } from './requests/kept.ts'
import { openSystem } from './state.ts'

/** A file of the folder, or the receipts of the activities in it. */
export type FolderLine = { file: string; base64: string } | { receipts: string[] }

export const linesOf = (folder: string): FolderLine[] =>
  readdirSync(folder)
    .toSorted()
    .map((file) => ({ file, base64: readFileSync(join(folder, file)).toString('base64') }))

/** Creates a folder with these files. */
export function folderWith(lines: readonly FolderLine[]): string {
  const folder = aFolder()
  for (const line of lines)
    if ('file' in line) writeFileSync(join(folder, line.file), Buffer.from(line.base64, 'base64'))
  return folder
}

/** Opens the folder, waits until the queue has been saved, and reads everything. */
export async function readFolder(lines: readonly FolderLine[], pathOf?: Redirect): Promise<Exchange[]> {
  const receipts = lines.flatMap((line) => ('receipts' in line ? line.receipts : []))
  await using system = openSystem(folderWith(lines))
  await system.settled()
  await using way = await handedOver(system.apps)
  return await exchangeAll(readKept(receipts), { system, way, ...(pathOf && { pathOf }) })
}

const [handedOver] = Object.values(ways) as [NonNullable<(typeof ways)[string]>]
