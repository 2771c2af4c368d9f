import { median } from './bench-report.ts'
import { type Comparison, ratiosOf } from './compare-rounds.ts'

/** The fraction by which a ratio may be worse than the recorded one. */
const tolerated = 0.15

/**
 * A line for each ratio that is worse than the recorded one. Comparisons without a target, and new ones, cannot fall.
 */
export function fallen(before: readonly Comparison[], now: readonly Comparison[]): readonly string[] {
  return now.flatMap((comparison) => {
    const { what, against, target } = comparison
    const then = before.find((each) => each.what === what && each.against === against)
    if (!target || !then) return []
    const [was, is] = [median(ratiosOf(then)), median(ratiosOf(comparison))]
    const isWorse = 'min' in target ? is < was * (1 - tolerated) : is > was * (1 + tolerated)
    return isWorse ? [`${what}: ${is.toFixed(2)} × ${against}; it was ${was.toFixed(2)} ×`] : []
  })
}
