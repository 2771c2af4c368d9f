/** In `from`: the member did not exist. In `to`: it no longer exists. */
export const absent: unique symbol = Symbol('absent')
