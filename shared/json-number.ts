/** A decimal with up to this many digits has a double of its own, unless it is near the ends of their range. */
const digitsOfAnyDouble = 15
const exponentOfAnyDouble = 290
/** No double needs more digits to be told from all others. */
const digitsOfEveryDouble = 17
/** This exponent is beyond every double, regardless of the number of digits in a text. */
const maxExponent = 1e10

const minus = 0x2d
const point = 0x2e
const zero = 0x30
const nine = 0x39

/**
 * Returns whether the JSON number in the text from `start` to `end` stands for exactly one double: JavaScript writes
 * back its value, or the text has the 17 digits of that double, which many programs write (C's `%.17g`, iOS, .NET). It
 * is a loop because a body may hold a million numbers, or one of a million digits.
 */
export function numberSurvives(text: string, start: number, end: number): boolean {
  const isNegative = text.charCodeAt(start) === minus
  let first = -1
  let last = -1
  let pointAt = -1
  let at = isNegative ? start + 1 : start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === point) pointAt = at
    else if (code < zero || code > nine) break
    else if (code !== zero) {
      if (first === -1) first = at
      last = at
    }
  }
  // −0 does not survive: JSON.stringify drops its sign
  if (first === -1) return !isNegative
  const ones = pointAt === -1 ? at : pointAt
  const digits = last - first + (first < ones && ones < last ? 0 : 1)
  if (digits > digitsOfEveryDouble) return false
  const exponent = (first < ones ? ones - first - 1 : ones - first) + readExponent(text, at + 1, end)
  if (digits <= digitsOfAnyDouble && Math.abs(exponent) <= exponentOfAnyDouble) return true

  const significant = text.slice(first, last + 1).replace('.', '')
  const fraction = digits > 1 ? `.${significant.slice(1)}` : ''
  const scientific = `${isNegative ? '-' : ''}${significant[0]}${fraction}e${exponent < 0 ? '' : '+'}${exponent}`
  const double = Number(text.slice(start, end))
  return double.toExponential() === scientific || withAllDigits(double) === scientific
}

/** Writes the 17 significant digits of a double, without zeros at their end. */
function withAllDigits(double: number): string {
  return double.toExponential(digitsOfEveryDouble - 1).replace(/\.?0*e/, 'e')
}

function readExponent(text: string, start: number, end: number): number {
  let exponent = 0
  for (let at = start; at < end && exponent < maxExponent; at++) {
    const code = text.charCodeAt(at)
    if (code >= zero && code <= nine) exponent = exponent * 10 + code - zero
  }
  return text.charCodeAt(start) === minus ? -exponent : exponent
}
