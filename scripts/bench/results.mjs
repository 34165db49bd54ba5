// What was measured so far, kept between runs: one file, of one build.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { machine, versions } from './machine.mjs'
import { home } from './places.mjs'

export class Results {
  #file

  constructor(file, all) {
    this.#file = file
    this.all = all
  }

  /** The results of this build, or none yet. A smoke run starts with none and keeps none. */
  static open(built, { smoke }) {
    const file = smoke ? undefined : join(home, 'results.json')
    const kept = file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
    const sections = kept?.addon.digest === built.addon.digest ? kept.sections : {}
    return new Results(file, { addon: built.addon, machine: machine(), versions: versions(), sections })
  }

  /** Adds what a section measured, and writes it down at once: a run that is interrupted loses one section only. */
  keep(name, measured) {
    this.all.sections[name] = measured
    if (!this.#file) return
    mkdirSync(dirname(this.#file), { recursive: true })
    writeFileSync(this.#file, JSON.stringify(this.all, null, 1))
  }
}
