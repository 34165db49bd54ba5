// The place where peers run: the built plugin in a workspace, the servers, and one process a run.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../support/command.mjs'
import { newestNx } from '../support/nx-versions.mjs'
import { createWorkspace } from '../support/workspace.mjs'
import { corpus } from './corpora.mjs'
import { largeWork, work } from './places.mjs'
import { startServers } from './servers.mjs'

const oneRun = fileURLToPath(new URL('one-run.mjs', import.meta.url))

/** Long enough for the slowest peer on a slow machine. */
const RUN_TIMEOUT_MS = 600_000

/** Opens the place. With `smoke`, every corpus is a tiny one that needs no registry. */
export async function openBench(built, { smoke }) {
  mkdirSync(work, { recursive: true })
  process.once('exit', () => {
    for (const path of [work, largeWork]) rmSync(path, { recursive: true, force: true })
  })
  process.env.TMPDIR = work // workspaces, too
  const servers = await startServers(built.servers)
  const workspace = await createWorkspace({ nx: newestNx, plugin: built.plugin })
  return new Bench({ built, servers, workspace, smoke })
}

class Bench {
  #directories = 0

  constructor(parts) {
    Object.assign(this, parts)
  }

  corpus(name) {
    return corpus(this.smoke ? 'smoke' : name)
  }

  /** A directory that nothing was written to yet; on a disk when what goes there is `large`. */
  freshDirectory({ large = false } = {}) {
    const path = join(large ? largeWork : work, `dir-${this.#directories++}`)
    mkdirSync(path, { recursive: true })
    return path
  }

  /** Lets `peer` store or retrieve `hashes` in `directory`; answers what it took, requests and bytes included. */
  async run(peer, action, { hashes, directory, atOnce, ...more }) {
    const result = join(work, 'result.json')
    const specification = { client: peer.client, action, hashes, directory, atOnce, result, ...peer.settings, ...more }
    await this.servers.take()
    await this.node(peer, [oneRun, JSON.stringify(specification)])
    const wire = await this.servers.take()
    return { ...JSON.parse(readFileSync(result, 'utf8')), ...wire }
  }

  /** Runs Node in the workspace, configured for `peer`. */
  node(peer, words) {
    this.workspace.configure(peer.section)
    const env = this.workspace.variables(peer.environment)
    const options = { cwd: this.workspace.root, env, timeout: RUN_TIMEOUT_MS }
    return mustRun(process.execPath, ['--expose-gc', ...words], options)
  }

  async close() {
    await this.servers.stop()
    await this.workspace.dispose()
  }
}
