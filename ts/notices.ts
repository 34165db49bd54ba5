import type { NativeCache, Warning } from '../index'
import { beforeExit } from './before-exit'
import { isVerbose, nxOutput } from './nx'
import { isCi } from './options'
import { writeNow } from './stderr'

/** Where notices go; the tests listen here. */
export interface Outlets {
  /** Nx's own way to warn, while tasks run. */
  warn: (warning: Warning) => void
  /** Straight to stderr and complete on return, since nothing asynchronous survives the 'exit' event. */
  write: (text: string) => void
  /** Whether Nx draws over what others print just now. */
  screenIsTaken: () => boolean
}

/**
 * How the user hears from the cache: at once, or after the run when Nx draws on the terminal itself.
 *
 * The terminal UI of Nx 21 and later drops whatever is printed while it is up, and the older live list of tasks moves
 * the cursor over it, so in both cases notices wait for the 'exit' event, when the terminal is the shell's again.
 */
export class Notices {
  readonly #outlets: Outlets
  readonly #titles = new Set<string>()
  #held: string[] = []
  #runIsOver = false
  #warned = false

  constructor(outlets: Outlets = processOutlets) {
    this.#outlets = outlets
  }

  /** Whether any warning was given in this run. */
  get warned(): boolean {
    return this.#warned
  }

  /** A warning of our own; one with the same title is shown once a run. */
  warn(warning: Warning): void {
    if (this.#titles.has(warning.title)) return
    this.#titles.add(warning.title)
    this.#show(warning)
  }

  /** Shows what the native side has to say since the last call. It decides itself what is worth repeating. */
  report(native: NativeCache): void {
    for (const event of native.takeEvents()) this.event(event)
    for (const warning of native.takeWarnings()) this.#show(warning)
  }

  /** Something that happened, for verbose runs only. */
  event(text: string): void {
    if (isVerbose()) this.line(text)
  }

  /** One line, in any run. */
  line(text: string): void {
    this.#print(`nx-s3-cache: ${text}\n`)
  }

  /** From now on the terminal is free for good: shows what was held, and whatever follows at once. */
  runIsOver(): void {
    this.#runIsOver = true
    const held = this.#held.join('')
    this.#held = []
    if (held) this.#outlets.write(held)
  }

  #show(warning: Warning): void {
    this.#warned = true
    try {
      if (this.#runIsOver || this.#outlets.screenIsTaken()) this.#print(asNxWarning(warning))
      else this.#outlets.warn(warning)
    } catch {
      // A warning must reach the user, and must not fail the build, even where Nx's modules can't be found.
      this.#outlets.write(asNxWarning(warning))
    }
  }

  #print(text: string): void {
    if (this.#runIsOver || !this.#outlets.screenIsTaken()) this.#outlets.write(text)
    else this.#hold(text)
  }

  #hold(text: string): void {
    if (this.#held.length === 0) beforeExit(() => this.runIsOver())
    this.#held.push(text)
  }
}

const processOutlets: Outlets = {
  warn: ({ title, body }) => nxOutput().warn({ title, bodyLines: body }),
  write: writeNow,
  screenIsTaken: () => process.env['NX_TUI'] === 'true' || isLiveList(),
}

/** The conditions under which Nx repaints a live list of tasks where there is no terminal UI. */
function isLiveList(): boolean {
  return (
    process.stdout.isTTY === true &&
    !isVerbose() &&
    process.env['NX_TASKS_RUNNER_DYNAMIC_OUTPUT'] !== 'false' &&
    process.env['NX_STREAM_OUTPUT'] !== 'true' &&
    !isCi()
  )
}

/** The look of Nx's own warnings, for the moments when its printer can't be used. */
function asNxWarning({ title, body }: Warning): string {
  const color = process.stderr.isTTY && !process.env['NO_COLOR']
  const badge = color ? '\x1b[7m\x1b[1m\x1b[33m NX \x1b[39m\x1b[22m\x1b[27m' : ' NX '
  const heading = color ? `\x1b[33m${title}\x1b[39m` : title
  return `\n${badge}  ${heading}\n\n${body.map(line => `${line}\n`).join('')}\n`
}
