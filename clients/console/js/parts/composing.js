/** Writing of characters that take several keys, as of Japanese. */

/**
 * Whether a key belongs to such a character, and so means nothing else: Enter ends it, arrows choose
 * it. Of the one that ends it Safari tells that by its number alone.
 */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;
