import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { warm } from './warm/warm.ts'

/** node warm.cjs FOLDER: what the images are made with, from the bundles and start.cjs in a folder. */
async function main() {
  const [folder, ...others] = process.argv.slice(2)
  if (!folder || others.length > 0) throw new StartError('Usage: node warm.cjs FOLDER')
  await warm(folder)
}

run(main)
