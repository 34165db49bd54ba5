// A directory with an nx.json, and processes in it that use the package as Nx does.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('process.mjs', import.meta.url))

export class Workspace {
  #jobs = 0

  constructor(section, environment) {
    this.root = mkdtempSync(join(tmpdir(), 'nx-s3-cache-contract-'))
    this.cache = join(this.root, 'cache')
    this.environment = environment
    this.section = section
    mkdirSync(this.cache)
    this.configure({})
  }

  /** Writes nx.json, `more` merged over the bucket's section. */
  configure(more, render = text => text) {
    writeFileSync(join(this.root, 'nx.json'), render(JSON.stringify({ s3: { ...this.section, ...more } }, null, 2)))
  }

  /** The directory of a task's outputs. */
  outputs(hash) {
    return join(this.cache, hash)
  }

  write(hash, files) {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.outputs(hash), path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
  }

  forget(hash) {
    rmSync(this.outputs(hash), { recursive: true, force: true })
  }

  /** Runs these steps in a process, and resolves to its answers, what it printed, and how it ended. */
  async run(steps, { environment, ...options } = {}) {
    const [job, results] = ['job', 'results'].map(name => join(this.root, `${name}-${this.#jobs}.json`))
    this.#jobs++
    writeFileSync(job, JSON.stringify({ steps, results, directory: this.cache, ...options }))
    const { code } = await this.#execute([program, job], environment)
    const { results: answers, warnings } = JSON.parse(readFileSync(results, 'utf8'))
    return { code, answers: answers.slice(1), first: answers[0], warnings }
  }

  /** Runs the command line, and resolves to how it ended. What it prints is only read where pipes work. */
  cli(words) {
    return this.#execute([resolve(program, '../../../dist/cli.js'), ...words])
  }

  #execute(words, environment) {
    const env = { ...process.env, NX_DAEMON: 'false', ...this.environment, ...environment, HOME: homedir() }
    const options = { cwd: this.root, env, timeout: 300_000, maxBuffer: 1 << 24 }
    return new Promise(resolve => {
      execFile(process.execPath, words, options, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, output: `${stdout}${stderr}` })
      })
    })
  }

  dispose() {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20 })
  }
}
