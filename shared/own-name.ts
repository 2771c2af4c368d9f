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

/**
 * What looks like each letter of the prefix: letters of Latin, Greek and Cyrillic, small capitals, Cherokee, Lisu, Coptic
 * and Old Italic. NFKD has unfolded wide, round and bold ones.
 */
const letters = {
  a: 'aɑαаᴀᎪꓮⲁ𐌀',
  c: 'cϲсᴄᏟꓚⲥ𐌂',
  t: 'tτтᴛᎢꓔⲧ𐌕',
  i: 'iıɩιіɪᎥꓲⲓ𐌉',
  v: 'vνѵᴠᏙꓦ𐌖',
  y: 'yɣʏγυуүᎩꓬⲩ',
  l: 'l1|iıɩιіӏǀ\u05c0ʟɪᏞᎥꓡꓲⲓ𐌉',
  o: 'oοσоօ0ᴏᎾꓳⲟ𐌏',
  g: 'gɡɢցԍᏀᏳꓖ',
}
const { a, c, t, i, v, y, l, o, g } = letters
const looks = [...[a, c, t, i, v, i, t, y], '\\-\\p{Dash}', ...[l, o, g], '.\u0660\u06f0\ua4f8·']
const ownLooks = new RegExp(`^${looks.map((alike) => `[${alike}]`).join('')}`, 'iu')
const eachLooks = looks.map((alike) => new RegExp(`^[${alike}]$`, 'iu'))
