// Runs a program to its end. What we start, we end: each program has its own process group, and none outlives us.
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'

const running = new Set()

process.on('exit', () => {
  for (const child of running) killGroup(child)
})
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
]) {
  process.on(signal, () => process.exit(128 + number))
}

/** Starts a program in a process group of its own, which is killed when this process ends. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, detached: true })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** Sends a signal to a program and whatever it started. */
export function killGroup(child, signal = 'SIGKILL') {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It has ended already.
  }
}

/**
 * Runs a program and resolves when it has ended, however it ended.
 * `onOutput(text)` sees the output as it comes; `onStart(child)` the process.
 */
export function run(command, args, { timeout = 180_000, onOutput, onStart, ...options } = {}) {
  const started = performance.now()
  const child = start(command, args, options)
  onStart?.(child)
  const outcome = { stdout: '', stderr: '', output: '', timedOut: false }
  for (const stream of ['stdout', 'stderr']) {
    child[stream]?.setEncoding('utf8').on('data', text => {
      outcome[stream] += text
      outcome.output += text
      onOutput?.(text)
    })
  }
  const timer = setTimeout(() => {
    outcome.timedOut = true
    killGroup(child)
  }, timeout)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ ...outcome, code, signal, seconds: (performance.now() - started) / 1000 })
    })
  })
}

/** Like `run`, but throws with the program's last words unless it exits with 0. */
export async function mustRun(command, args, options) {
  const outcome = await run(command, args, options)
  if (outcome.code !== 0) {
    const end = outcome.timedOut ? 'ran out of time' : `ended with ${outcome.code ?? outcome.signal}`
    throw new Error(`${command} ${args.join(' ')} ${end}:\n${outcome.output.slice(-4000)}`)
  }
  return outcome
}

export function stripAnsi(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ANSI escapes start with
  return text.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]*\u0007|[@-Z\\-_])/g, '')
}
