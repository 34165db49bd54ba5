// The page: docs/benchmarks.md, made anew by every run.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { barChart } from './charts/bars.mjs'
import { lineChart } from './charts/lines.mjs'
import { packagesOf } from './corpora.mjs'
import { dollars } from './dollars.mjs'
import { goals } from './goals.mjs'
import { CORPORA, PEER_NAMES, ROUNDS_OF_A_RESULT } from './plan.mjs'
import * as prose from './prose.mjs'
import { table } from './table.mjs'
import { bytes, count, megabytes, milliseconds, times } from './words.mjs'

/** Writes the page and its charts below `directory`; answers the page's path. */
export function write(results, directory) {
  const charts = join(directory, 'benchmarks')
  mkdirSync(charts, { recursive: true })
  for (const [name, svg] of Object.entries(drawCharts(results.sections))) {
    writeFileSync(join(charts, `${name}.svg`), svg)
  }
  const path = join(directory, 'benchmarks.md')
  writeFileSync(path, `${page(results).join('\n\n')}\n`)
  return path
}

function page({ sections, machine, versions, addon }) {
  return [
    prose.opening,
    isTrial(sections) && prose.trial,
    ...overview(sections),
    '## Goals and figures',
    prose.goals,
    goalTable(sections),
    prose.missed,
    '## How it is measured',
    prose.method,
    environment(machine, versions, addon, sections.server),
    ...CORPORA.filter(name => sections[name]).flatMap(name => corpusPart(sections[name], name)),
    ...secondWay(sections),
    ...morePart(sections),
    '## Chosen by measurement',
    prose.choices,
    '## Again, on your machine',
    prose.again,
  ].filter(Boolean)
}

/** Whether some figure is of too few rounds, or missing. */
function isTrial(sections) {
  return CORPORA.some(name => !(sections[name]?.peers.ours.restore.runs >= ROUNDS_OF_A_RESULT))
}

function overview(sections) {
  if (!CORPORA.some(name => sections[name])) return []
  return [
    '![Restoring: time of every peer for the three corpora](benchmarks/restore.svg)',
    '![Storing: time of every peer for the three corpora](benchmarks/store.svg)',
  ]
}

function drawCharts(sections) {
  const panels = action =>
    CORPORA.filter(name => sections[name]).map(name => ({
      title: name,
      bars: Object.entries(sections[name].peers)
        .filter(([, peer]) => peer[action])
        .map(([id, peer]) => ({ id, name: plain(PEER_NAMES[id]), value: peer[action].wallMs })),
    }))
  const charts = {}
  if (panels('restore').length > 0) {
    charts.restore = barChart('Restoring from the cache: wall time, less is better', panels('restore'), milliseconds)
    charts.store = barChart('Storing into the cache: wall time, less is better', panels('store'), milliseconds)
  }
  if (sections.far) {
    const lines = Object.entries(sections.far.peers).map(([id, points]) => ({
      id,
      name: plain(PEER_NAMES[id]),
      points: points.map(({ roundTripMs, wallMs }) => [roundTripMs, wallMs]),
    }))
    charts.far = lineChart(`Restoring ${sections.far.entries} small entries from far away`, lines, {
      x: 'round trip in ms',
      y: milliseconds,
    })
  }
  return charts
}

function goalTable(sections) {
  const mark = reached => (reached === undefined ? 'not measured' : reached ? '✓' : '✗')
  const rows = goals(sections).map(({ goal, wanted, measured, reached }) => [goal, wanted, measured, mark(reached)])
  return table(['', 'goal', 'measured', ''], rows, [1, 2])
}

function environment(machine, versions, addon, server) {
  const named = Object.entries(versions).filter(([, version]) => version)
  return [
    `- **Machine**: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGB} GB, ${machine.system}, files restored to ${machine.restoredTo}; ${machine.date}`,
    `- **Versions**: ${named.map(([name, version]) => `${name} ${version}`).join(', ')}; addon ${bytes(addon.bytes)}`,
    server &&
      `- **Server**: ${count(server.perSecond)} GETs of ${server.bytes} bytes a second over ${server.connections} connections, signatures checked, with the load generator on the same machine`,
  ]
    .filter(Boolean)
    .join('\n')
}

function corpusPart(section, name) {
  const from = packagesOf(name)
  const listed = from.length > 10 ? `${from.length} packages` : from.map(text => `\`${text}\``).join(', ')
  const size = `${count(section.entries)} ${section.entries === 1 ? 'entry' : 'entries'}, ${count(section.files)} files, ${bytes(section.bytes)}`
  return [
    `## The *${name}* corpus`,
    `${size}. ${prose.corpora[name]}. Made from ${listed}.`,
    '### Restore',
    runTable(section.peers, 'restore', 'received'),
    '### Store',
    runTable(section.peers, 'store', 'sent'),
  ]
}

/** What the loopback server costs: beside the direct way, and beside a bare server of Nx's cache. */
function secondWay(sections) {
  const names = CORPORA.filter(name => sections[name]?.peers.served)
  if (names.length === 0) return []
  const rows = names.flatMap(name =>
    ['restore', 'store'].map(action => {
      const { ours, served, http } = sections[name].peers
      const walls = [ours, served, http].map(peer => peer[action].wallMs)
      return [`${action} *${name}*`, ...walls.map(milliseconds), times(walls[1] / walls[2])]
    }),
  )
  const heads = ['', 'direct way', 'second way', '`HttpRemoteCache` and a bare server', 'second way over that']
  return ['## The second way', prose.secondWay, table(heads, rows, [1, 2, 3, 4])]
}

/** The server's counters are the other side's. */
const onServer = { received: 'sent', sent: 'received' }

function runTable(peers, action, way) {
  const rows = Object.entries(peers)
    .filter(([, peer]) => peer[action])
    .map(([id, { [action]: run }]) => [
      PEER_NAMES[id],
      milliseconds(run.wallMs),
      `${milliseconds(run.fastestMs)} – ${milliseconds(run.slowestMs)}`,
      times(run.wallMs / peers.ours[action].wallMs),
      milliseconds(run.cpuMs),
      id === 'tar' || id === 'copy' ? '–' : megabytes(run.memoryMB),
      milliseconds(run.loopMs),
      requests(run.requests),
      run[onServer[way]] > 0 ? bytes(run[onServer[way]]) : '–',
    ])
  const heads = ['', 'wall', 'all rounds', 'over ours', 'CPU', 'memory', 'loop stop', 'requests', way]
  return table(heads, rows, [1, 2, 3, 4, 5, 6, 7, 8])
}

function requests(counts) {
  const named = Object.entries(counts).map(([name, number]) => `${count(number)} ${name.replace(/ 2\d\d$/, '')}`)
  return named.length > 0 ? named.join(', ') : '–'
}

function morePart({ crowd, trust, huge, series, load, far, lossy, nx }) {
  return [
    crowd && ['## 2,000 entries at once', prose.crowd, crowdTable(crowd)],
    trust && ['## Verifying what is restored', prose.trust(trust), trustTable(trust)],
    huge && ['## One artifact of 3 GiB', prose.huge, hugeTable(huge)],
    series && ['## Ten builds one after the other', prose.series, seriesTable(series)],
    load && ['## Loading', prose.load(load)],
    far && ['## From far away', prose.far, '![Time over round trip](benchmarks/far.svg)', farTable(far)],
    lossy && ['## Over a link that loses packets', prose.lossy(lossy), lossyTable(lossy)],
    nx && ['## Whole runs of Nx', prose.nx, nxTable(nx)],
  ]
    .filter(Boolean)
    .flat()
}

function crowdTable(crowd) {
  const names = { store: 'store', restore: 'hit', miss: 'miss' }
  const rows = Object.entries(names).map(([action, name]) => runRow(name, crowd[action]))
  return table(['', 'wall', 'CPU', 'memory', 'loop stop', 'requests'], rows, [1, 2, 3, 4, 5])
}

function trustTable({ peers, certificates }) {
  const names = { unsigned: 'unsigned', key: 'signed with a key', identity: `signed by ${certificates} CI runs` }
  const rows = Object.entries(names).map(([id, name]) => [
    name,
    milliseconds(peers[id].wallMs),
    `${milliseconds(peers[id].fastestMs)} – ${milliseconds(peers[id].slowestMs)}`,
    times(peers[id].wallMs / peers.unsigned.wallMs),
    milliseconds(peers[id].cpuMs),
    times(peers[id].cpuMs / peers.unsigned.cpuMs),
  ])
  return table(['', 'wall', 'all runs', 'over unsigned', 'CPU', 'over unsigned'], rows, [1, 2, 3, 4, 5])
}

function hugeTable({ store, restore }) {
  const rows = [runRow('store', store), runRow('restore', restore)]
  return table(['', 'wall', 'CPU', 'memory', 'loop stop', 'requests'], rows, [1, 2, 3, 4, 5])
}

function runRow(name, run) {
  const { wallMs, cpuMs, memoryMB, loopMs } = run
  return [
    name,
    milliseconds(wallMs),
    milliseconds(cpuMs),
    megabytes(memoryMB),
    milliseconds(loopMs),
    requests(run.requests),
  ]
}

function seriesTable(series) {
  const cents = value => (value * 100).toFixed(3)
  const rows = Object.entries(series).flatMap(([name, { peers }]) =>
    Object.entries(peers).map(([id, { near, far }]) => {
      const { store, keep, restore, all } = dollars(near)
      return [
        `*${name}*: ${PEER_NAMES[id]}`,
        `${count(near.put)} / ${count(near.ask)} / ${count(near.get)}`,
        bytes(near.kept),
        [store, keep, restore].map(cents).join(' + '),
        `${cents(all)} ¢`,
        times(all / dollars(peers.http.near).all),
        `${milliseconds(near.storeMs)} / ${milliseconds(far.storeMs)}`,
        `${milliseconds(near.restoreMs)} / ${milliseconds(far.restoreMs)}`,
      ]
    }),
  )
  const heads = [
    '',
    'PUT / HEAD / GET',
    'kept',
    'store + keep + restore, cents',
    'all',
    'over one object',
    'store',
    'restore',
  ]
  return table(heads, rows, [1, 2, 3, 4, 5, 6, 7])
}

function farTable({ peers }) {
  const [first] = Object.values(peers)
  const heads = ['', ...first.map(({ roundTripMs }) => `${roundTripMs} ms`)]
  const rows = Object.entries(peers).map(([id, points]) => [
    PEER_NAMES[id],
    ...points.map(({ wallMs }) => milliseconds(wallMs)),
  ])
  return table(
    heads,
    rows,
    [...first.keys()].map(column => column + 1),
  )
}

function lossyTable({ restore }) {
  return table(['', 'wall', 'CPU', 'memory', 'loop stop', 'requests'], [runRow('restore', restore)], [1, 2, 3, 4, 5])
}

function nxTable({ tasks, localMs, remoteMs, ratio }) {
  const rows = [
    ["from Nx's local cache", milliseconds(localMs), ''],
    ['from the bucket', milliseconds(remoteMs), times(ratio)],
  ]
  return table([`${tasks} tasks`, 'wall', 'over local'], rows, [1, 2])
}

function plain(markdown) {
  return markdown.replaceAll('`', '')
}
