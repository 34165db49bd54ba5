// A soak: many processes store and retrieve through a faulty network and are killed at random, until the time is over.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { startS3Server } from '../support/s3-server.mjs'
import { makeArtifacts } from './artifacts.mjs'
import { startFaultyServer } from './faulty-server.mjs'
import { runProcess } from './process.mjs'
import { random, weighted } from './random.mjs'
import { Tally } from './tally.mjs'
import { forecast } from './weather.mjs'

const artifactCount = 150
const operationsOfAProcess = 60
/** Processes at a time; each has a cache directory of its own, which it leaves to its successor. */
const lanes = 3
/** Short, so that many faults fit into a minute; the proportions are those of the defaults. */
const timeouts = { connect: '1s', read: '2s', attempt: '6s', deadline: '15s' }
/** A process that takes longer hangs: the deadline and the wait for the uploads together are 35 s. */
const hung = 60_000

/** Runs for `seconds`; returns the {@link Tally}. */
export async function soak({ seconds, seed, onRound }) {
  const root = mkdtempSync(join(tmpdir(), 'nx-s3-cache-soak-'))
  const server = await startS3Server()
  const faulty = await startFaultyServer(server.endpoint, random(seed))
  try {
    return await new Soak({ root, server, faulty, seed, onRound }).run(seconds)
  } finally {
    faulty.close()
    await server.stop()
    rmSync(root, { recursive: true, force: true })
  }
}

class Soak {
  #root
  #server
  #faulty
  #chance
  #onRound
  #artifacts
  #tally = new Tally()

  constructor({ root, server, faulty, seed, onRound = () => {} }) {
    this.#root = root
    this.#server = server
    this.#faulty = faulty
    this.#onRound = onRound
    // Not the proxy's: what it draws depends on the processes' timing.
    this.#chance = random(seed + 1)
    this.#artifacts = makeArtifacts(join(root, 'sources'), artifactCount, seed)
  }

  async run(seconds) {
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      this.#faulty.weather = weighted(this.#chance, forecast)
      await Promise.all(Array.from({ length: lanes }, (_, lane) => this.#process(lane, this.#operations(), true)))
      this.#onRound(this.#tally, this.#faulty)
    }
    await this.#clearUp()
    this.#tally.faults = { ...this.#faulty.counts }
    this.#tally.requests = this.#faulty.requests
    return this.#tally
  }

  /** With the sun out again, everything can be stored and restored, and nothing is left lying about. */
  async #clearUp() {
    this.#faulty.weather = 'calm'
    const all = action => this.#artifacts.map(({ hash }) => [action, hash])
    this.#age()
    const found = await this.#process(0, all('retrieve'), false)
    this.#tally.survived = found.filter(({ outcome }) => outcome === 'hit').length
    await this.#process(1, all('store'), false)
    for (let lane = 0; lane < lanes; lane++) {
      const restored = await this.#process(lane, all('retrieve'), false)
      this.#tally.missing += restored.filter(({ action, outcome }) => action === 'retrieve' && outcome !== 'hit').length
      this.#tally.leftovers.push(...this.#leftovers(lane))
    }
    this.#tally.artifacts = artifactCount
  }

  #operations() {
    return Array.from({ length: operationsOfAProcess }, () => [
      weighted(this.#chance, { retrieve: 6, store: 4, vanish: 1 }),
      this.#chance.pick(this.#artifacts).hash,
    ])
  }

  /** Runs one process, which may be killed; returns the lines it printed. */
  async #process(lane, operations, mayBeKilled) {
    const restored = this.#restored(lane)
    const scratch = join(this.#root, `scratch-${lane}`)
    rmSync(scratch, { recursive: true, force: true })
    mkdirSync(restored, { recursive: true })
    const section = this.#server.section({ endpoint: this.#faulty.endpoint, timeouts, flushTimeout: '20s' })
    const expected = Object.fromEntries(this.#artifacts.map(({ hash, ...rest }) => [hash, rest]))
    const order = { section, sources: join(this.#root, 'sources'), restored, scratch, operations, expected }
    const isKilled = mayBeKilled && this.#chance.happens(0.5)
    const [after, signal] = [this.#chance.between(50, 1500), this.#chance.pick(['SIGKILL', 'SIGKILL', 'SIGTERM'])]
    const outcome = await runProcess(join(this.#root, `order-${lane}.json`), order, {
      environment: this.#server.environment,
      timeout: hung,
      kill: isKilled && { after, signal },
    })
    this.#tally.process(outcome)
    return outcome.lines
  }

  #restored(lane) {
    return join(this.#root, `restored-${lane}`)
  }

  #leftovers(lane) {
    return readdirSync(this.#restored(lane)).filter(name => name.startsWith('.nx-s3-cache-'))
  }

  /** Young leftovers are left alone, since another process may be about to use them; this makes them old. */
  #age() {
    const aMinuteAgo = Date.now() / 1000 - 60
    for (let lane = 0; lane < lanes; lane++) {
      for (const name of this.#leftovers(lane)) utimesSync(join(this.#restored(lane), name), aMinuteAgo, aMinuteAgo)
    }
  }
}
