import type { Context } from 'hono'
import { utf8 } from '../cloud-event.ts'
import { Problem } from './problem.ts'

/** The body, refused as soon as it is known to be larger than `maxBytes`: by its declared length, else while it is read. */
export async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
  const encoding = c.req.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem(
      'unsupported-media-type',
      `The content encoding ${encoding} is not supported; send the body plain.`,
      {
        headers: { 'accept-encoding': 'identity' },
      },
    )
  }
  const declared = c.req.header('content-length')
  if (declared !== undefined && Number(declared) > maxBytes) throw tooLarge(maxBytes)
  try {
    // arrayBuffer() is the fast way; only a body without a declared length has to be counted as it comes
    return declared === undefined ? await readCounted(c, maxBytes) : new Uint8Array(await c.req.arrayBuffer())
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem('invalid-input', 'The body did not arrive in full.', { cause: error })
  }
}

/** As readBytes, for text: UTF-8 without exceptions, since a replaced byte would be a changed value. */
export async function readText(c: Context, maxBytes: number): Promise<string> {
  const text = utf8(await readBytes(c, maxBytes))
  if (text === undefined) throw new Problem('invalid-input', 'The body is not valid UTF-8.')
  return text
}

async function readCounted(c: Context, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The rest of the body is not read: the connection is of no more use. */
export function tooLarge(maxBytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${maxBytes} bytes.`, { headers: { connection: 'close' } })
}
