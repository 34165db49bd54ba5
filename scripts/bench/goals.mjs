// What the project set out to reach, beside what was measured.
import { dollars } from './dollars.mjs'
import { CORPORA, FAR_MS } from './plan.mjs'
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

/** How many times faster than each, how many times the floor at most, and with how many requests at most. */
const speed = {
  small: { restore: { http: 1.4, aws: 12 }, floor: 3, store: { http: 1.5, aws: 8 } },
  typical: { restore: { http: 1.7, aws: 9, tar: 1.1 }, floor: 0.9, store: { http: 5, aws: 7, tar: 1 }, requests: 120 },
  large: { restore: { http: 2.8, aws: 10, tar: 1 }, floor: 1.6, store: { http: 12, aws: 8, tar: 0.9 }, requests: 40 },
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
  const { crowd, huge, series, load, lossy, nx, trust } = sections
  return [
    {
      goal: 'encrypted and signed: time over the plain path',
      wanted: 'at most 10 % more',
      value: worst(CORPORA.flatMap(name => costOfProtection(sections[name]))),
      limit: 1.1,
      words: value => `${percent(value - 1)} more`,
    },
    ...[
      ['key', 'with a key'],
      ['identity', 'by CI runs'],
    ].map(([id, how]) => ({
      goal: `restore *small*, signed ${how}: time over unsigned`,
      wanted: 'at most 5 % more',
      value: trust && trust.peers[id].wallMs / trust.peers.unsigned.wallMs,
      limit: 1.05,
      words: value => `${percent(value - 1)} more`,
    })),
    ...['typical', 'large'].map(name => ({
      goal: `requests of *${name}*: PUT to store, GET to restore`,
      wanted: `at most ${speed[name].requests}`,
      value: worst(objectRequests(sections[name])),
      limit: speed[name].requests,
      words: String,
    })),
    {
      goal: '`store` returns to Nx, 99 of 100 times',
      wanted: 'under 2 ms',
      value: worst(runs.map(run => run.storeMs99)),
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
      goal: 'series of builds, dollars: over one object an artifact (`HttpRemoteCache`)',
      wanted: 'at most 0.7 ×',
      value: series && seriesDollars(series, 'ours') / seriesDollars(series, 'http'),
      limit: 0.7,
      words: times,
    },
    {
      goal: 'objects sent twice by a series of builds',
      wanted: 'none',
      value: worst(Object.values(series ?? {}).map(({ peers }) => peers.ours.near.replaced)),
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
      goal: `restore *small* from ${FAR_MS} ms away: time over \`HttpRemoteCache\``,
      wanted: 'no more',
      value: overHttp(sections.far),
      limit: 1,
      words: times,
    },
    {
      goal: 'restore *large* from 66 ms away with 1 % of the packets lost',
      wanted: 'at most 10 s',
      value: lossy?.restore.wallMs,
      limit: 10_000,
      words: milliseconds,
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

function overHttp(far) {
  const wall = peer => far?.peers[peer].find(({ roundTripMs }) => roundTripMs === FAR_MS)?.wallMs
  return far && wall('ours') / wall('http')
}

/** Requests that move objects; without those that ask for them. */
function objectRequests(section) {
  if (!section) return []
  const { store, restore } = section.peers.ours
  return [store.requests['PUT 200'], restore.requests['GET 200']]
}

function seriesDollars(series, peer) {
  return Object.values(series).reduce((sum, { peers }) => sum + dollars(peers[peer].near).all, 0)
}

function worst(values) {
  const known = values.filter(value => Number.isFinite(value))
  return known.length > 0 ? Math.max(...known) : undefined
}
