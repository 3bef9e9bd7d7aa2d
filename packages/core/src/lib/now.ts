/**
 * A clock: milliseconds since the Unix epoch. Everything that has time takes one, so that tests move it by hand.
 * `Date.now` is the default everywhere.
 */
export type Now = () => number
