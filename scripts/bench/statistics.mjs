/** The middle of the values; of two middles their mean. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of each number in runs: `{ wallMs, cpuMs, … }`; requests are those of the last run. */
export function summarize(runs) {
  if (runs.length === 0) return undefined
  const last = runs.at(-1)
  const numbers = Object.keys(last).filter(key => typeof last[key] === 'number')
  const medians = Object.fromEntries(numbers.map(key => [key, median(runs.map(run => run[key]))]))
  const walls = runs.map(run => run.wallMs)
  return { ...last, ...medians, fastestMs: Math.min(...walls), slowestMs: Math.max(...walls), runs: runs.length }
}
