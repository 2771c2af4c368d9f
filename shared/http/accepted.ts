import { parseAccept } from 'hono/utils/accept'

/** Browsers send about 200 characters. Reading 16 KiB of commas would take 20 ms. */
const maxCharacters = 1024

/** What an Accept or Accept-Encoding header lists, in lower case, as far as it is not absurdly long. */
export function accepted(header: string): { name: string; q: number }[] {
  const listed =
    header.length <= maxCharacters ? header : header.slice(0, Math.max(0, header.lastIndexOf(',', maxCharacters)))
  return parseAccept(listed).map(({ type, q }) => ({ name: type.toLowerCase(), q }))
}
