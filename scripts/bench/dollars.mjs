// What a series costs at list prices.
import { PRICES, SERIES_USE } from './plan.mjs'

/** Dollars to store a series, to keep it, and to restore each build as often as it usually is; `all` of them together. */
export function dollars({ put, ask, get, kept }) {
  const parts = {
    store: put * PRICES.put + ask * PRICES.get,
    keep: kept * PRICES.byteMonth * SERIES_USE.months,
    restore: get * PRICES.get * SERIES_USE.restores,
  }
  return { ...parts, all: parts.store + parts.keep + parts.restore }
}
