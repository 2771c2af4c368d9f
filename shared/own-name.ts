/** Begins the actions and ids of what the log itself records: how it is used. */
export const ownPrefix = 'activity-log.'

export const isOwn = (name: string): boolean => name.startsWith(ownPrefix)

/**
 * Whether readers might take the name for one of the log's own: it is written in another case, with characters that
 * nobody sees, or with letters that look like those of the prefix. Unicode knows hundreds of these (Technical Standard
 * 39), so where the rest looks alike, any characters beyond ASCII count as such, up to three.
 */
export function mayPassForOwn(name: string): boolean {
  const first = name.charCodeAt(0)
  // nearly all names begin with another letter that can be seen
  if (first > 0x20 && first < 0x7f && first !== 0x61 && first !== 0x41) return false
  if (isAscii.test(name)) return ownLooks.test(name)
  const characters = [...name.normalize('NFKD').replace(unseen, '')].slice(0, looks.length)
  if (characters.length < looks.length) return false
  let alike = 0
  for (const [at, character] of characters.entries()) {
    if (eachLooks[at]?.test(character)) alike++
    else if (character < '\x80') return false
  }
  return alike >= looks.length - 3
}

const isAscii = /^[ -~]*$/
/** Marks are those above and below a letter, which are apart from it once the text is decomposed. */
const unseen = /[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{White_Space}\u2800]/gu

/** What looks like each letter of the prefix; NFKD has unfolded wide, round and bold ones. */
const looks = [
  ...['aɑαа', 'cϲс', 'tτт', 'iıɩιі', 'vνѵ', 'iıɩιі', 'tτт', 'yɣʏγυуү', '\\-\\p{Dash}'],
  ...['l1|iıɩιіӏǀ\u05c0', 'oοσоօ0', 'gɡɢցԍ', '.\u0660\u06f0\ua4f8·'],
]
const ownLooks = new RegExp(`^${looks.map((alike) => `[${alike}]`).join('')}`, 'iu')
const eachLooks = looks.map((alike) => new RegExp(`^[${alike}]$`, 'iu'))
