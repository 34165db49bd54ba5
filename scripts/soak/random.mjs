// Chance that can be repeated: the same seed gives the same numbers.

/** Numbers from 0 to 1, by the generator that is known as mulberry32. */
export function random(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    /** A whole number from `from` up to and without `to`. */
    between: (from, to) => from + Math.floor(next() * (to - from)),
    /** Whether something happens that has this probability. */
    happens: probability => next() < probability,
    /** One of the list. */
    pick: list => list[Math.floor(next() * list.length)],
    bytes: length => {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at++) bytes[at] = next() * 256
      return bytes
    },
  }
}

/** One of the keys of `weights`, as often as its number says. */
export function weighted(chance, weights) {
  const all = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  let left = chance.next() * all
  for (const [name, weight] of Object.entries(weights)) {
    left -= weight
    if (left < 0) return name
  }
  return Object.keys(weights)[0]
}
