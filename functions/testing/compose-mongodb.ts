import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes a file for compose that puts another image in place of mongo:8; none without an image. Some servers call their
 * replica set by another name, so the address does not have it.
 */
export function otherMongodb(image: string | undefined, folder: string): string[] {
  if (!image) return []
  const environment = { MONGODB_URI: 'mongodb://mongo:27017/?directConnection=true' }
  const clients = ['persist', 'query', 'ledger'].map((name) => [name, { environment }])
  const file = join(folder, 'mongodb.json')
  writeFileSync(file, JSON.stringify({ services: { mongo: { image }, ...Object.fromEntries(clients) } }))
  return [file]
}
