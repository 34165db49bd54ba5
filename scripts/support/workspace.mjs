// A real Nx workspace in a temporary directory, with our packed plugin installed under the name that Nx looks for.
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, stripAnsi } from './command.mjs'
import { linkTree } from './link-tree.mjs'
import { newestNx, nxInstallation } from './nx-versions.mjs'
import { packed, repository } from './paths.mjs'
import { snapshot } from './snapshot.mjs'

const template = join(repository, 'scripts', 'workspace-template')

/** As it would be published, from `setUp`. */
const installedPlugin = join(packed, 'node_modules')

/** What of our own environment a task may see; the rest (CI variables, AWS settings, …) would make runs differ. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']

/**
 * Makes a workspace. `s3` is the section of nx.json; without it there is none. `installation` is a directory with Nx in
 * its `node_modules`, and `plugin` the `node_modules` that have our plugin.
 */
export async function createWorkspace({ nx = newestNx, installation, s3, plugin = installedPlugin, ...options } = {}) {
  const workspace = emptyWorkspace(options)
  linkTree(join(installation ?? (await nxInstallation(nx)), 'node_modules'), join(workspace.root, 'node_modules'))
  linkTree(plugin, join(workspace.root, 'node_modules'))
  if (s3) workspace.configure(s3)
  return workspace
}

/**
 * Makes a workspace in which nothing is installed. `through` is a command that runs Node, for another platform's; `nx`
 * the command that runs Nx, where that is not a file in `node_modules`.
 */
export function emptyWorkspace({ environment = {}, node = process.execPath, through = [], nx } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-e2e-'))
  const root = join(directory, 'workspace')
  cpSync(template, root, { recursive: true })
  return new Workspace(directory, { root, environment, node, through, nx })
}

class Workspace {
  #directory
  #node
  #through
  #nx
  #ranLog
  #usedDaemon = false

  constructor(directory, { root, environment, node, through, nx }) {
    this.#directory = directory
    this.#node = node
    this.#through = through
    this.#nx = nx
    this.#ranLog = join(directory, 'ran.log')
    this.root = root
    this.home = join(directory, 'home')
    this.environment = environment
    mkdirSync(this.home)
  }

  /** Replaces the `s3` section of nx.json; `undefined` removes it. */
  configure(s3) {
    const path = join(this.root, 'nx.json')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), s3 }, null, 2))
  }

  /** Changes what a project is made from, so that its tasks and their dependents get new hashes. */
  touch(project, text = `Changed at ${process.hrtime.bigint()}.\n`) {
    appendFileSync(join(this.root, 'packages', project, 'source.txt'), text)
  }

  /**
   * Runs `nx` with these words to its end. `environment` may unset a variable with `undefined`; `through` is a command
   * that runs it, instead of this process itself.
   */
  async nx(words, { environment = {}, through = [], ...options } = {}) {
    const env = this.variables(environment)
    this.#usedDaemon ||= env.NX_DAEMON === 'true'
    const ranBefore = this.#readRanLog().length
    const [command, ...args] = [...through, ...this.#launcher(), ...words]
    const outcome = await run(command, args, { cwd: this.root, env, ...options })
    return new NxRun(outcome, this.#readRanLog().slice(ranBefore))
  }

  /** The whole environment of a run. */
  variables(more = {}) {
    const ours = Object.fromEntries(passedOn.filter(name => name in process.env).map(name => [name, process.env[name]]))
    const quiet = {
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      NX_NO_CLOUD: 'true',
      NX_INTERACTIVE: 'false',
      // A third less work for each run. The tests of the contract leave it to Nx.
      NX_ISOLATE_PLUGINS: 'false',
      // Otherwise the daemon installs the latest Nx, to look something up.
      NX_USE_LOCAL: 'true',
      CI: 'false',
      NPM_CONFIG_UPDATE_NOTIFIER: 'false',
    }
    const alone = { HOME: this.home, RAN_LOG: this.#ranLog, AWS_EC2_METADATA_DISABLED: 'true' }
    return { ...ours, ...quiet, ...alone, ...this.environment, ...more }
  }

  /** Forgets what another machine would not have: Nx's local cache with its database, and all outputs. */
  wipe() {
    this.#stopDaemon()
    for (const path of ['.nx/cache', '.nx/workspace-data', 'dist']) remove(join(this.root, path))
  }

  /** Every file, directory and link below `dist`, with content and mode. */
  outputs() {
    return snapshot(join(this.root, 'dist'))
  }

  dispose() {
    this.#stopDaemon()
    remove(this.#directory)
  }

  #stopDaemon() {
    if (!this.#usedDaemon) return
    this.#usedDaemon = false
    const [command, ...args] = [...this.#launcher(), 'daemon', '--stop']
    spawnSync(command, args, {
      cwd: this.root,
      env: this.variables(),
      timeout: 30_000,
    })
  }

  /** The command that runs Nx: not `.bin/nx`, which is a shell script with some package managers. */
  #launcher() {
    if (this.#nx) return this.#nx
    const directory = join(this.root, 'node_modules', 'nx')
    const program = join(directory, JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).bin.nx)
    return [...this.#through, this.#node, program]
  }

  #readRanLog() {
    return existsSync(this.#ranLog) ? readFileSync(this.#ranLog, 'utf8').split('\n').filter(Boolean) : []
  }
}

/**
 * Removes a directory into which a process that is about to end may still be writing. (What appears while `rmSync`
 * works makes it fail, whatever `maxRetries` says: it lists each directory once.)
 */
function remove(directory, attempts = 200) {
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' || attempts === 0) throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    remove(directory, attempts - 1)
  }
}

/** One run of Nx: how it ended, what it printed, and which tasks really ran. */
class NxRun {
  constructor(outcome, ran) {
    Object.assign(this, outcome)
    this.ran = ran.sort()
    this.text = stripAnsi(outcome.output)
  }

  /** The tasks that were taken from the remote cache, as Nx names them in its output. */
  get remoteHits() {
    return this.#tasksMarked('remote cache')
  }

  /** The tasks that were taken from the local cache. */
  get localHits() {
    return this.#tasksMarked('local cache|existing outputs match the cache[^\\]]*')
  }

  #tasksMarked(mark) {
    const lines = this.text.matchAll(new RegExp(`nx run (\\S+:\\S+).*\\[(?:${mark})\\]`, 'g'))
    return [...new Set([...lines].map(match => match[1]))].sort()
  }
}
