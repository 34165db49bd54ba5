// What the project set out to reach, beside what was measured.
import { CONCURRENCY, CORPORA } from './plan.mjs'
import { megabytes, milliseconds, percent, times } from './words.mjs'

/** The goals as rows: `{ goal, wanted, measured, reached }`; `reached` is undefined when it was not measured. */
export function goals(sections) {
  return [
    ...CORPORA.flatMap(name => speedGoals(name, sections[name])),
    ...otherGoals(sections).map(({ wanted, goal, value, limit, words }) => ({
      goal,
      wanted,
      measured: value === undefined ? '' : words(value),
      reached: value === undefined ? undefined : value <= limit,
    })),
  ]
}

/** How many times faster than each, and how many times the floor at most. */
const speed = {
  small: { restore: { http: 3, aws: 12 }, floor: 3, store: { http: 1.5, aws: 8 } },
  typical: { restore: { http: 1.9, aws: 8 }, floor: 1.6, store: { http: 4, aws: 7, tar: 1 } },
  large: { restore: { http: 3, aws: 10, tar: 1.8 }, floor: 1.7, store: { http: 8, aws: 8, tar: 1 } },
}

const against = { http: 'than `HttpRemoteCache`', aws: 'than `AwsCache`', tar: 'than `tar` and `zstd`' }

function speedGoals(name, section) {
  const wall = (peer, action) => section?.peers[peer]?.[action]?.wallMs
  const rows = ['restore', 'store'].flatMap(action =>
    Object.entries(speed[name][action]).map(([peer, factor]) => {
      const value = wall(peer, action) / wall('ours', action)
      const known = Number.isFinite(value)
      return {
        goal: `${action} *${name}*: faster ${against[peer]}`,
        wanted: factor === 1 ? 'no slower' : `at least ${factor} ×`,
        measured: known ? times(value) : '',
        reached: known ? value >= factor : undefined,
      }
    }),
  )
  const value = wall('ours', 'restore') / wall('copy', 'restore')
  const known = Number.isFinite(value)
  rows.splice(Object.keys(speed[name].restore).length, 0, {
    goal: `restore *${name}*: time over one \`cp -r\``,
    wanted: `at most ${speed[name].floor} ×`,
    measured: known ? times(value) : '',
    reached: known ? value <= speed[name].floor : undefined,
  })
  return rows
}

function otherGoals(sections) {
  const runs = CORPORA.flatMap(name => oursOf(sections[name]))
  const { crowd, huge, second, load, nx } = sections
  return [
    {
      goal: 'encrypted and signed: time over the plain path',
      wanted: 'at most 10 % more',
      value: worst(CORPORA.flatMap(name => costOfProtection(sections[name]))),
      limit: 1.1,
      words: value => `${percent(value - 1)} more`,
    },
    {
      goal: '`store` returns to Nx',
      wanted: 'under 2 ms',
      value: worst(runs.map(run => run.longestStoreMs)),
      limit: 2,
      words: milliseconds,
    },
    {
      goal: 'memory for any corpus',
      wanted: 'at most 96 MB',
      value: worst(runs.map(run => run.memoryMB)),
      limit: 96,
      words: megabytes,
    },
    {
      goal: 'memory for a 3 GiB artifact',
      wanted: 'at most 96 MB',
      value: worst(huge ? [huge.store.memoryMB, huge.restore.memoryMB] : []),
      limit: 96,
      words: megabytes,
    },
    {
      goal: 'memory for 2,000 small entries at once',
      wanted: 'at most 64 MB',
      value: worst(crowd ? [crowd.store.memoryMB, crowd.restore.memoryMB] : []),
      limit: 64,
      words: megabytes,
    },
    {
      goal: 'longest stop of the event loop',
      wanted: 'under 10 ms',
      value: worst(runs.map(run => run.loopMs)),
      limit: 10,
      words: milliseconds,
    },
    {
      goal: 'requests for an artifact of up to 4 MiB: store, hit, miss',
      wanted: 'one each',
      value: worst(crowd ? ['store', 'restore', 'miss'].map(action => requestsEach(crowd, action)) : []),
      limit: 1,
      words: value => `${value} each`,
    },
    {
      goal: 'bytes of the second store, 5 % of the files changed: neighbours',
      wanted: 'at most 15 %',
      value: second?.neighbours.ratio,
      limit: 0.15,
      words: percent,
    },
    {
      goal: 'bytes of the second store, 5 % of the files changed: every twentieth',
      wanted: 'at most 15 %',
      value: second?.scattered.ratio,
      limit: 0.15,
      words: percent,
    },
    {
      goal: 'objects sent twice by the second store',
      wanted: 'none',
      value: second && second.neighbours.replaced + second.scattered.replaced,
      limit: 0,
      words: String,
    },
    {
      goal: 'loading the package and answering `getRemoteCache()`',
      wanted: 'under 25 ms',
      value: load?.totalMs,
      limit: 25,
      words: milliseconds,
    },
    {
      goal: 'round trips per window of concurrency, up to 66 ms away',
      wanted: 'at most 3',
      value: worst(roundTripsAWindow(sections.far)),
      limit: 3,
      words: value => value.toFixed(1),
    },
    {
      goal: 'an Nx run of 400 cached tasks, over its local cache',
      wanted: 'at most 15 % more',
      value: nx?.ratio,
      limit: 1.15,
      words: value => `${percent(value - 1)} more`,
    },
  ]
}

function oursOf(section) {
  return section ? [section.peers.ours.store, section.peers.ours.restore] : []
}

function costOfProtection(section) {
  if (!section) return []
  const { ours, sealed } = section.peers
  return [sealed.store.wallMs / ours.store.wallMs, sealed.restore.wallMs / ours.restore.wallMs]
}

/** How the server, which knows only objects, answers the one HEAD of the bucket by which a run makes contact. */
const contact = 'HEAD 501'

/** Requests for each artifact, without the one that each run makes however many artifacts it has. */
function requestsEach(crowd, action) {
  const { [contact]: _, ...requests } = crowd[action].requests
  return Object.values(requests).reduce((sum, count) => sum + count, 0) / crowd.entries
}

/** What the way costs beyond the time without one, in round trips, for each window of requests in flight. */
function roundTripsAWindow(far) {
  if (!far) return []
  const windows = Math.ceil(far.entries / CONCURRENCY)
  const [near, ...others] = far.peers.ours
  return others.map(({ roundTripMs, wallMs }) => Math.max(0, wallMs - near.wallMs) / roundTripMs / windows)
}

function worst(values) {
  const known = values.filter(value => Number.isFinite(value))
  return known.length > 0 ? Math.max(...known) : undefined
}
