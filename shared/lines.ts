export type Line = { bytes: Uint8Array; number: number }

const newline = 0x0a

/**
 * Returns the lines that are not blank, without copying them. It stops at one more than the maximum, which shows that
 * there are too many. Blank lines cost a look at each byte: a body may hold millions.
 */
export function splitLines(bytes: Uint8Array, maxLines: number): Line[] {
  const lines: Line[] = []
  let number = 1
  for (let at = 0; at < bytes.length && lines.length <= maxLines; ) {
    // files with a byte order mark may have been joined
    while (at < bytes.length && (isBlank(bytes[at] as number) || isMark(bytes, at))) at += isMark(bytes, at) ? 3 : 1
    if (bytes[at] === newline || at >= bytes.length) {
      number++
      at++
      continue
    }
    const found = bytes.indexOf(newline, at)
    const end = found === -1 ? bytes.length : found
    lines.push({ bytes: bytes.subarray(at, end), number: number++ })
    at = end + 1
  }
  return lines
}

const isMark = (bytes: Uint8Array, at: number) => bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf

const isBlank = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0d
