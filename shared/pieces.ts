/** A line or an item. A piece without bytes was larger than the maximum. */
export type Piece = { number: number; bytes: Uint8Array | undefined }

/** Cuts bytes that arrive in chunks. */
export type Cutter = {
  add(chunk: Uint8Array): Piece[]
  /** The last piece, if the bytes end with one, and what was wrong with the end. */
  end(): { piece?: Piece; fault?: 'has no array' | 'ends early' | 'has other text' }
}

const newline = 0x0a

/** Collects the bytes of one piece, and forgets them once they are more than the maximum. */
function createCollector(maxBytes: number) {
  let parts: Uint8Array[] = []
  let bytes = 0
  return {
    isEmpty: () => bytes === 0,
    add(part: Uint8Array) {
      bytes += part.byteLength
      if (bytes <= maxBytes) parts.push(part)
      else parts = []
    },
    take(): Uint8Array | undefined {
      const taken = bytes > maxBytes ? undefined : Buffer.concat(parts)
      parts = []
      bytes = 0
      return taken
    },
  }
}

/** Cuts at every newline byte, whatever the bytes between them are. Numbers count from 1, blank lines included. */
export function createLineCutter(maxBytes: number): Cutter {
  const line = createCollector(maxBytes)
  let number = 0
  return {
    add(chunk) {
      const pieces: Piece[] = []
      let start = 0
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, start)) {
        line.add(chunk.subarray(start, at))
        pieces.push({ number: ++number, bytes: line.take() })
        start = at + 1
      }
      // the reader may use the memory of the chunk again
      if (start < chunk.byteLength) line.add(Uint8Array.from(chunk.subarray(start)))
      return pieces
    },
    end: () => (line.isEmpty() ? {} : { piece: { number: ++number, bytes: line.take() } }),
  }
}

/**
 * Cuts the items of the JSON arrays at `path`, without parsing them: a reader of the items says what is wrong with
 * them. Several documents may follow each other.
 */
export function createItemCutter(path: readonly string[], maxBytes: number): Cutter {
  const item = createCollector(maxBytes)
  /** The name before each open value around the array; undefined inside of an array. */
  const names: (string | undefined)[] = []
  let depth = 0
  let arrayDepth = 0
  let isInString = false
  let isEscaped = false
  let isFound = false
  let hasOtherText = false
  let isAfterComma = false
  let text: number[] = []
  let number = 0

  return {
    add(chunk) {
      const pieces: Piece[] = []
      let start = 0
      for (let at = 0; at < chunk.byteLength; at++) {
        const code = chunk[at] as number
        if (depth === 0 && !isBetweenDocuments(code)) hasOtherText = true
        if (isInString) {
          if (isEscaped) isEscaped = false
          else if (code === 0x5c) isEscaped = true
          else if (code === 0x22) isInString = false
          if (isInString && arrayDepth === 0 && text.length < 1024) text.push(code)
        } else if (code === 0x22) {
          isInString = true
          text = []
        } else if (code === 0x3a) {
          if (arrayDepth === 0) names[depth - 1] = Buffer.from(text).toString()
        } else if (code === 0x5b || code === 0x7b) {
          const isArray = code === 0x5b && arrayDepth === 0 && depth === path.length
          if (isArray && path.every((name, level) => names[level] === name)) {
            isFound = true
            arrayDepth = depth + 1
            start = at + 1
          }
          if (arrayDepth === 0) names[depth] = undefined
          depth++
        } else if (arrayDepth > 0 && depth === arrayDepth && (code === 0x2c || code === 0x5d)) {
          item.add(chunk.subarray(start, at))
          start = at + 1
          const bytes = item.take()
          const isItem = bytes === undefined || !isBlank(bytes) || code === 0x2c || isAfterComma
          if (isItem) pieces.push({ number: ++number, bytes })
          isAfterComma = code === 0x2c
          if (code === 0x2c) continue
          arrayDepth = 0
          depth--
        } else if (code === 0x5d || code === 0x7d) {
          depth--
        }
      }
      if (arrayDepth > 0 && start < chunk.byteLength) item.add(Uint8Array.from(chunk.subarray(start)))
      return pieces
    },
    end() {
      if (!isFound) return { fault: 'has no array' }
      if (depth !== 0 || isInString) return { fault: 'ends early' }
      return hasOtherText ? { fault: 'has other text' } : {}
    },
  }
}

/** The start of an array or an object, a blank, or a byte of a byte order mark. */
const isBetweenDocuments = (code: number) => [0x5b, 0x7b, 0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].includes(code)

const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))
