/** Ids that look like other paths unless they are percent-encoded as a whole. */
export const oddIds: readonly string[] = [
  'a/b',
  'a%2Fb',
  '..%2Fx',
  '%2e%2e',
  'x?y#z',
  '../../x',
  'a\\b',
  '..a',
  'a..',
  '...',
  '//',
  'a//b',
  '/../',
]
