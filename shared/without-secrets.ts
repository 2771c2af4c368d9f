/**
 * A text in which somebody may have put a key, which others will read: of each key it shows the id alone, and nothing of
 * what may be a key with a typing error in it.
 */
export const withoutSecrets = (text: string): string =>
  text.replaceAll(/als_(?:([0-9A-Za-z]{11})_\w+|\w{30,})/g, (_, id = '') => `als_${id}…`)
