/** Begins the actions and ids of what the log itself records: how it is used. */
export const ownPrefix = 'activity-log.'

export const isOwn = (name: string): boolean => name.startsWith(ownPrefix)

/**
 * Whether readers might take the name for one of the log's own: it is written in another case, with characters that
 * nobody sees, or with letters that look like those of the prefix (after Unicode Technical Standard 39).
 */
export function mayPassForOwn(name: string): boolean {
  const first = name.charCodeAt(0)
  // nearly all names begin with another letter that can be seen
  if (first > 0x20 && first < 0x7f && first !== 0x61 && first !== 0x41) return false
  return ownLooks.test(isAscii.test(name) ? name : name.normalize('NFKD').replace(unseen, ''))
}

const isAscii = /^[ -~]*$/
/** Marks are those above and below a letter, which are apart from it once the text is decomposed. */
const unseen = /[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{White_Space}]/gu

/** The letters of the prefix in Latin, Cyrillic, Greek and Armenian; NFKD has unfolded wide, round and bold ones. */
const ownLooks =
  /^[aɑαа][cϲс][tτт][iıɩιі][vνѵ][iıɩιі][tτт][yɣʏγυуү][-\p{Dash}][l1|iıɩιіӏǀ\u05c0][oοσоօ][gɡɢցԍ][.\u0660\u06f0\ua4f8·]/iu
