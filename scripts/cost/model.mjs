// What a month costs, from a few figures: how often a team asks and stores, what each artifact takes in requests and
// bytes, and list prices. Every assumption is in figures.json.

/** Hits, misses and stores of a month. Developers only read: they ask for what their own machine hasn't. */
export function month({ developers, runs, tasks, hits }, { days, developerRuns, developerShare }) {
  const ofCi = days * runs * tasks
  const ofDevelopers = days * developers * developerRuns * tasks * developerShare
  return { hits: (ofCi + ofDevelopers) * hits, misses: (ofCi + ofDevelopers) * (1 - hits), stores: ofCi * (1 - hits) }
}

/** The mean artifact: mostly small ones, a few large. */
export function artifact({ small, typical, shareOfTypical }, kind) {
  const mean = value => (1 - shareOfTypical) * value(small) + shareOfTypical * value(typical)
  return {
    stored: mean(({ stored }) => stored),
    ...Object.fromEntries(Object.keys(small[kind]).map(name => [name, mean(size => size[kind][name])])),
  }
}

/** Requests, storage and transfer of a month in a bucket, in dollars. A miss is one GET that finds nothing. */
export function ours(figures, team, prices) {
  const { hits, misses, stores } = month(team, figures.habits)
  const { stored, put, head, get } = artifact(figures.measured, 'ours')
  const requests = stores * (put * prices.put + head * prices.get) + (hits * get + misses) * prices.get
  return { requests, ...held(figures, { hits, stores, stored }, prices) }
}

/** The same for a cache that keeps one object for each artifact, and asks whether it is there before getting it. */
export function plainObjects(figures, team, prices) {
  const { hits, misses, stores } = month(team, figures.habits)
  const { stored, put, hit } = artifact(figures.measured, 'plain')
  const requests = stores * put * prices.put + (hits * hit + misses) * prices.get
  return { requests, ...held(figures, { hits, stores, stored }, prices) }
}

/** A server of one's own, with a disk for what is kept: the smallest that runs all the time. */
export function server(figures, team) {
  const { stores } = month(team, figures.habits)
  const { stored } = artifact(figures.measured, 'ours')
  const { month: machine, gigabyteMonth } = figures.prices.server
  return { machine, storage: gigabytes(stores * stored * figures.habits.retentionMonths) * gigabyteMonth }
}

function held({ habits }, { hits, stores, stored }, prices) {
  return {
    storage: gigabytes(stores * stored * habits.retentionMonths) * prices.gigabyteMonth,
    transfer: gigabytes(hits * stored) * prices.gigabyteOut,
  }
}

/** How long bytes must be kept to cost as much as one PUT: their number for a month. */
export function bytesForAPut({ put, gigabyteMonth }) {
  return (put / gigabyteMonth) * 1e9
}

function gigabytes(bytes) {
  return bytes / 1e9
}
