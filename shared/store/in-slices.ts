/** How many characters of JSON to parse before others get their turn: about a millisecond. */
const maxCharacters = 256 * 1024

export type RowOfJson = { metadata?: string | null; headers?: string; errors?: string }

/** Parses any number of rows without blocking the process. */
export async function inSlices<Row extends RowOfJson, Item>(
  rows: readonly Row[],
  parse: (row: Row) => Item,
): Promise<Item[]> {
  const items: Item[] = []
  let parsed = 0
  for (const row of rows) {
    const { metadata, headers, errors } = row
    if (parsed > maxCharacters) {
      await new Promise(setImmediate)
      parsed = 0
    }
    items.push(parse(row))
    for (const json of [metadata, headers, errors]) parsed += json?.length ?? 0
  }
  return items
}
