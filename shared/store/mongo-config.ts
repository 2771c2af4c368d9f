import * as v from 'valibot'

/** The variables that locate the documents. */
export const mongoEntries = {
  MONGODB_URI: v.pipe(v.string(), v.regex(/^mongodb(?:\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')),
  MONGODB_DATABASE: v.optional(
    v.pipe(v.string(), v.regex(/^[\w-]{1,38}$/, 'must be 1 to 38 letters, digits, "_" or "-"')),
    'activity-log',
  ),
}

/** How many days an activity is kept after its receipt; without a number it is kept forever. */
export const RetentionDays = v.optional(
  v.pipe(
    v.string(),
    v.check(
      (text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 24_855,
      'must be a number of days from 1 to 24855',
    ),
    v.transform(Number),
  ),
)
