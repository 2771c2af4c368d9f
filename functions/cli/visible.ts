/** A terminal would obey some characters, and nobody sees others: they are shown by their codes. */
export const visible = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)

/** The same for a message of several lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n')
