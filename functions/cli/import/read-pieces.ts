import { StartError } from '@activity-log/shared/config.ts'
import { createItemCutter, createLineCutter, type Piece } from '@activity-log/shared/pieces.ts'

/** The size of the largest activity that ingest takes. */
export const maxPieceBytes = 256 * 1024

export type Pieces = { unit: 'line' | 'item'; pieces: AsyncGenerator<Piece> }
export type PiecesOptions = {
  file: string
  /** The names that lead to the array, if the file is one object. */
  items: readonly string[] | undefined
  /** Like `items`, but a file without this array at its start is read line by line. */
  perhapsItems: string | undefined
}

/** Cuts a file into lines, or into the items of one JSON array. Throws a StartError if it is neither. */
export async function readPieces(
  chunks: AsyncIterable<Uint8Array>,
  { file, items, perhapsItems }: PiecesOptions,
): Promise<Pieces> {
  const rest = chunks[Symbol.asyncIterator]()
  const { first, failed } = await beginOf(rest)
  const other = whatElse(first)
  if (other) throw new StartError(`${file} is ${other}`)
  const text = first
    .toString('latin1')
    .replace(/^(?:ï»¿)+/, '')
    .trimStart()
  const begins = perhapsItems !== undefined && new RegExp(`^\\{\\s*"${perhapsItems}"\\s*:\\s*\\[`).test(text)
  const path = items ?? (begins ? [perhapsItems] : text.startsWith('[') ? [] : undefined)
  if (!path && /^\{\s*\n/.test(text)) {
    const advice = 'name the array in it with --items NAME, or write one object per line'
    throw new StartError(`${file} is one JSON object over several lines; ${advice}.`)
  }
  const unit = path ? 'item' : 'line'
  const cutter = path ? createItemCutter(path, maxPieceBytes) : createLineCutter(maxPieceBytes)

  async function* pieces(): AsyncGenerator<Piece> {
    yield* cutter.add(first)
    if (failed) throw failed.error
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield* cutter.add(next.value)
    const { piece, fault } = cutter.end()
    if (piece) yield piece
    if (fault === 'ends early')
      throw new StartError(`${file} ends in the middle of its JSON; what came before was sent.`)
    if (fault === 'has other text') throw new StartError(`${file} has text outside of its JSON; its items were sent.`)
    if (fault) throw new StartError(`${file} has no array${path?.length ? ` at ${path.join('.')}` : ''}.`)
  }
  return { unit, pieces: pieces() }
}

/** Enough to see what the file is. */
const beginBytes = 4096

/** An error is returned with the bytes before it, since they are sent all the same. */
async function beginOf(
  chunks: AsyncIterator<Uint8Array>,
): Promise<{ first: Buffer; failed: { error: unknown } | undefined }> {
  const begin: Uint8Array[] = []
  let failed: { error: unknown } | undefined
  while (begin.reduce((sum, { byteLength }) => sum + byteLength, 0) < beginBytes) {
    const next = await chunks.next().catch((error: unknown) => {
      failed = { error }
    })
    if (!next || next.done) break
    begin.push(Uint8Array.from(next.value))
  }
  return { first: Buffer.concat(begin), failed }
}

const archives: readonly [signature: string, name: string][] = [
  ['PK\x03\x04', 'a zip archive'],
  ['\x28\xb5\x2f\xfd', 'compressed with zstd'],
  ['BZh', 'compressed with bzip2'],
  ['\xfd7zXZ', 'compressed with xz'],
  ['SQLite format 3', 'a SQLite database'],
]

/** Says what a file without UTF-8 text is, and what to do with it. */
function whatElse(first: Buffer): string | undefined {
  const [a, b] = first
  const isUtf16 =
    (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (first.length > 1 && a !== b && (a === 0 || b === 0))
  const isUtf32 = /^(?:\xff\xfe\0\0|\0\0\xfe\xff)/.test(first.toString('latin1', 0, 4))
  if (isUtf32) return 'UTF-32; convert it first: iconv -f UTF-32 -t UTF-8'
  if (isUtf16) return 'UTF-16; convert it first: iconv -f UTF-16 -t UTF-8'
  const text = first.subarray(0, 16).toString('latin1')
  const archive = archives.find(([signature]) => text.startsWith(signature))
  if (archive) return `${archive[1]}; unpack it first.`
  // a line of a text file may hold a NUL; only that line is invalid
  const isBinary = first.includes(0) && !/^[\s{[]/.test(text.replace(/^(?:\xef\xbb\xbf)+/, ''))
  return isBinary ? 'no text file; import takes JSON, one object per line or one array.' : undefined
}
